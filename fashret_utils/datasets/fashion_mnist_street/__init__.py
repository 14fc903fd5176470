"""Fashion-MNIST-Street: Fashion-MNIST garments, drawn into street scenes."""
