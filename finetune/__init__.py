"""Transfer the completion network from photographs to equirectangular panoramas."""
