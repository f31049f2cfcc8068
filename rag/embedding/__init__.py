"""Texts into unit vectors: MiniLM as an ONNX graph, and the vectors kept by the text's hash."""
