"""From frames to faces, by MTCNN. Knows no videos and no pairs."""
