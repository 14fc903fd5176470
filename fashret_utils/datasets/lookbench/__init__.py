"""LookBench: Parquet files of queries and gallery."""
