"""Judges e-invoices by compiled Schematron rules, in a process of its own: `python tests/einvoice_rules.py`.

Saxon ends the whole process where several threads use it. Input: JSON [[path of rules, [XML ...]] ...]; output: for
each of them, for each invoice {fired: how many rules looked at something, failed: [id of each rule that is broken]}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def judge(rules: str, invoices: list[str]) -> list[dict[str, Any]]:
    """Return the verdict on each invoice."""
    from lxml import etree
    from saxonche import PySaxonProcessor

    found = []
    with PySaxonProcessor(license=False) as processor:
        processor.set_configuration_property("http://saxon.sf.net/feature/allowedProtocols", "file")
        compiled = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=rules)
        for invoice in invoices:
            report = compiled.transform_to_string(xdm_node=processor.parse_xml(xml_text=invoice))
            tree = etree.fromstring(report.encode())
            failed = [one.get("id", "") for one in tree.iter(f"{SVRL}failed-assert") if one.get("flag") != "warning"]
            found.append({"fired": sum(1 for _one in tree.iter(f"{SVRL}fired-rule")), "failed": failed})
    return found


if __name__ == "__main__":
    json.dump([judge(rules, invoices) for rules, invoices in json.load(sys.stdin)], sys.stdout)
