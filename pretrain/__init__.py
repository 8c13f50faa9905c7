"""Pretrain the completion network on photographs (Places2 or any tree of pictures)."""
