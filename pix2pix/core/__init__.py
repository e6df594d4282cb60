"""What all rooms stand on: errors, whole outputs, kept work, progress, allowed words. Knows no pictures."""
