"""The two DeepFashion benchmarks, consumer-to-shop and in-shop, and their annotation files."""
