"""What people read: a school or the town in a month, the sections about it, how they look and who may see what."""
