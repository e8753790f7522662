"""The public face of the ring, and the signs of life for operators."""
