"""Detectors of what goes wrong in long thinking. They tell; what is done about it is decided elsewhere."""
