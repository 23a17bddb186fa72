"""What is drawn over the image, one file each."""
