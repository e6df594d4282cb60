"""How work runs on this machine: device, precision, memory, work done ahead. Knows not what the work is."""
