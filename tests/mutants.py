"""Small changes to a source text, one at a time, as a careless edit would make them. tests/mutation.py tries them."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

COMPARISONS = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
}
ARITHMETIC = {
    ast.Add: (r"\+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: (r"\*", "+"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: (r"\*\*", "*"),
}
BOOLEAN = {ast.And: ("and", "or"), ast.Or: ("or", "and")}
TAKES_A_TEST = (ast.If, ast.While, ast.IfExp)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed source text: the line of the change, what was changed, and the text as a whole."""

    line: int
    change: str
    source: str

    def diff(self, original: str) -> str:
        """The changed lines alone, as `-` and `+`."""
        lines = difflib.unified_diff(original.splitlines(), self.source.splitlines(), lineterm="", n=0)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def mutants_of(source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its lines; not of annotations, decorators and asserts."""
    text = _Text(source)
    found = {mutant.source: mutant for node in _relevant(ast.parse(source)) for mutant in _of_node(text, node)}
    found.pop(source, None)
    return sorted(found.values(), key=lambda mutant: mutant.line)


def _relevant(node: ast.AST) -> Iterator[ast.AST]:
    """The node and everything below it whose change can change what the module does."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list") or isinstance(value, ast.Assert):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.Assert):
                yield from _relevant(child)


class _Text:
    """A source text in which the positions of syntax nodes, which count bytes, can be replaced."""

    def __init__(self, source: str) -> None:
        self.raw = source.encode()
        lines = self.raw.splitlines(keepends=True)
        self._line_starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._line_starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._line_starts[node.end_lineno - 1] + node.end_col_offset

    def of(self, node: ast.expr | ast.stmt) -> str:
        return self.raw[self.start(node) : self.end(node)].decode()

    def replaced(self, change: str, start: int, end: int, new: str) -> Mutant:
        source = self.raw[:start] + new.encode() + self.raw[end:]
        return Mutant(self.raw.count(b"\n", 0, start) + 1, change, source.decode())

    def with_node(self, change: str, node: ast.expr | ast.stmt, new: str) -> Mutant:
        return self.replaced(change, self.start(node), self.end(node), new)

    def with_operator(self, change: str, left: ast.expr, right: ast.expr, pattern: str, new: str) -> Mutant:
        """The operator between two operands; brackets and line breaks around it stay."""
        since, until = self.end(left), self.start(right)
        found = re.search(pattern.encode(), self.raw[since:until])
        assert found is not None
        return self.replaced(change, since + found.start(), since + found.end(), new)


def _of_node(text: _Text, node: ast.AST) -> Iterator[Mutant]:
    if isinstance(node, ast.expr):
        yield from _of_operator(text, node)
        yield from _of_value(text, node)
    if isinstance(node, ast.stmt):
        yield from _of_statement(text, node)
    if isinstance(node, TAKES_A_TEST):
        yield text.with_node("negated condition", node.test, f"(not ({text.of(node.test)}))")
    if isinstance(node, ast.match_case) and node.guard:
        yield text.with_node("negated condition", node.guard, f"(not ({text.of(node.guard)}))")
    for condition in node.ifs if isinstance(node, ast.comprehension) else ():
        yield text.with_node("negated condition", condition, f"(not ({text.of(condition)}))")


def _of_operator(text: _Text, node: ast.expr) -> Iterator[Mutant]:
    match node:
        case ast.Compare(left=first, ops=ops, comparators=others):
            for left, operator, right in zip([first, *others[:-1]], ops, others, strict=True):
                pattern, replacements = COMPARISONS[type(operator)]
                for new in replacements:
                    yield text.with_operator("comparison", left, right, pattern, new)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in ARITHMETIC:
            yield text.with_operator("arithmetic", left, right, *ARITHMETIC[type(operator)])
        case ast.BoolOp(op=operator, values=values):
            for left, right in pairwise(values):
                yield text.with_operator("boolean operator", left, right, *BOOLEAN[type(operator)])
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield text.with_node("sign dropped", node, text.of(operand))


def _of_value(text: _Text, node: ast.expr) -> Iterator[Mutant]:
    match node:
        case ast.Constant(value=bool(value)):
            yield text.with_node("constant", node, str(not value))
        case ast.Constant(value=int(value)):
            yield text.with_node("constant", node, str(value + 1))
            yield text.with_node("constant", node, str(value - 1))


def _of_statement(text: _Text, node: ast.stmt) -> Iterator[Mutant]:
    match node:
        case ast.Return(value=value) if value is not None and text.of(value) != "None":
            yield text.with_node("return None", node, "return None")
        case ast.Expr(value=ast.Constant()):
            pass  # a docstring
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Delete():
            yield text.with_node("dropped statement", node, "pass")
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript() | ast.Tuple(elts=[ast.Attribute(), *_])]):
            yield text.with_node("dropped statement", node, "pass")
