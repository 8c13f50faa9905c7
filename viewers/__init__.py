"""Pages that show panoramas: the bundled 360° viewer."""
