"""What the commands do with a shared folder: open it, remember it, give it back, watch it, compare it, make what is committed."""
