"""What a training minimises: the objectives, their losses, discriminators and optimisers."""
