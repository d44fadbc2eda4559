"""Pictures as arrays: decoding, cropping, and photographs of handwritten signs."""
