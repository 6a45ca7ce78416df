"""A network as an ONNX model: scaling, the layers, and what scikit-learn would answer."""

import numpy as np

_OPSET = 20  # Gelu


def model(estimator):
    """The ONNX model of a fitted estimator."""
    import onnx
    from onnx import TensorProto, helper

    graph = _Graph()
    hidden = "X"
    if estimator._scaling is not None:
        offset, factor = (graph.constant(each) for each in estimator._scaling)
        hidden = graph.node("Mul", graph.node("Sub", hidden, offset), factor)
    layers = list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    for place, (W, b) in enumerate(layers):
        hidden = graph.node("Gemm", hidden, graph.constant(W), graph.constant(b))
        if place < len(layers) - 1:
            hidden = _activated(graph, estimator._activation, hidden)
    if hasattr(estimator, "classes_"):
        outputs = _classes(graph, estimator, hidden)
    else:
        if estimator._columns is not None:
            offset, factor = (graph.constant(each) for each in estimator._target_scaling())
            hidden = graph.node("Add", graph.node("Div", hidden, factor), offset)
        outputs = [
            helper.make_tensor_value_info(graph.named("values", hidden), TensorProto.FLOAT, ["n", estimator.n_outputs_])
        ]
    points = helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", estimator.n_features_in_])
    made = helper.make_model(
        helper.make_graph(graph.nodes, "planar", [points], outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        producer_name="planar",
        ir_version=9,
    )
    onnx.checker.check_model(made)
    return made


class _Graph:
    """Nodes and constants, each under a name of its own."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, values, dtype=np.float32):
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name))
        return name

    def node(self, kind, *inputs, **attributes):
        from onnx import helper

        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def named(self, name, value):
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [value], [name]))
        return name


def _activated(graph, activation, z):
    """g(Z), by planar's name."""
    name, _, slope = activation.partition(":")
    if name in ("identity", "linear"):
        return z
    if name == "silu":
        return graph.node("Mul", z, graph.node("Sigmoid", z))
    simple = {
        "tanh": "Tanh",
        "sigmoid": "Sigmoid",
        "logistic": "Sigmoid",
        "relu": "Relu",
        "elu": "Elu",
        "softplus": "Softplus",
    }
    if name in simple:
        return graph.node(simple[name], z)
    if name == "gelu":
        return graph.node("Gelu", z, approximate="tanh")
    return graph.node("LeakyRelu", z, alpha=float(slope or 0.01))


def _classes(graph, estimator, z):
    """``label`` and ``probabilities``."""
    from onnx import TensorProto, helper

    if estimator._output == "softmax":
        found, told = graph.node("ArgMax", z, axis=1, keepdims=0), graph.node("Softmax", z, axis=1)
    else:
        is_1 = graph.node("Greater", z, graph.constant(0.0))
        found, told = graph.node("Cast", is_1, to=TensorProto.INT64), graph.node("Sigmoid", z)
        if not estimator._is_multilabel:
            found = graph.node("Reshape", found, graph.constant([-1], np.int64))
            told = graph.node("Concat", graph.node("Sub", graph.constant(1.0), told), told, axis=1)
    are_numbers = np.issubdtype(estimator.classes_.dtype, np.integer)
    if not estimator._is_multilabel:
        found = graph.node("Gather", _names(graph, estimator.classes_, are_numbers), found)
    kind = TensorProto.INT64 if estimator._is_multilabel or are_numbers else TensorProto.STRING
    shape = ["n", estimator.n_outputs_] if estimator._is_multilabel else ["n"]
    columns = estimator.n_outputs_ if estimator._is_multilabel else len(estimator.classes_)
    return [
        helper.make_tensor_value_info(graph.named("label", found), kind, shape),
        helper.make_tensor_value_info(graph.named("probabilities", told), TensorProto.FLOAT, ["n", columns]),
    ]


def _names(graph, classes, are_numbers):
    """The classes as a constant: whole numbers, or text."""
    from onnx import TensorProto, helper

    if are_numbers:
        return graph.constant(classes, np.int64)
    name = f"c{len(graph.constants)}"
    graph.constants.append(
        helper.make_tensor(name, TensorProto.STRING, [len(classes)], [str(each).encode() for each in classes])
    )
    return name
