"""Pages that analyse the cost of quality: what the API answers, for people, in one frame."""
