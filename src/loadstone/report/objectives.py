"""What became of objectives: for people, for pull requests, for whoever reads JUnit's XML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from loadstone.run.judged import Judgement

#: The name of a test that fails where a record is not to be relied on.
WHOLE = "the run ended well, and its record is whole"


def lines(found: Judgement) -> Iterator[str]:
    """One for each objective, and what came of them together."""
    wide = max(len(verdict.objective.text) for verdict in found.verdicts)
    said = max(len("missed"), *(len(verdict.outcome) for verdict in found.verdicts))
    for verdict in found.verdicts:
        yield f"{verdict.outcome:<{said}}  {verdict.objective.text:<{wide}}  {verdict.was}"
    if found.at:
        yield _judged(found)
    yield from found.unsound
    yield sentence(found)


def sentence(found: Judgement) -> str:
    """Whether all were met, and if not, why."""
    asked, outcomes = len(found.verdicts), [verdict.outcome for verdict in found.verdicts]
    if missed := outcomes.count("missed"):
        unjudged = outcomes.count("not judged")
        more = f", {unjudged} not judged" if unjudged else ""
        return f"{found.run}: {some_of(missed, asked)} missed{more}."
    if found.unmet:
        return f"{found.run}: {some_of(len(found.unmet), asked)} not judged."
    if found.unsound:
        return f"{found.run}: {_all(asked)} met by what there is, which is not enough to pass."
    return f"{found.run}: {_all(asked)} met."


def _all(asked: int) -> str:
    return "the objective was" if asked == 1 else f"all {asked} objectives were"


def some_of(some: int, asked: int) -> str:
    """How many of so many objectives something was."""
    if asked == 1:
        return "the objective was"
    return f"{some} of {asked} objectives {'was' if some == 1 else 'were'}"


def _judged(found: Judgement) -> str:
    return f"Judged {found.at}."


def markdown(found: Sequence[Judgement]) -> str:
    """For a step summary or a comment."""
    return "\n".join(line for each in found for line in _markdown(each)) + "\n"


def _markdown(found: Judgement) -> Iterator[str]:
    yield f"### {sentence(found)}"
    yield ""
    if found.at:
        yield from (_judged(found), "")
    for why in found.unsound:
        yield f"- {why}"
    if found.unsound:
        yield ""
    yield "| | objective | was |"
    yield "| --- | --- | ---: |"
    for verdict in found.verdicts:
        word = verdict.outcome if verdict.met else f"**{verdict.outcome}**"
        yield f"| {word} | `{_cell(verdict.objective.text)}` | {_cell(verdict.was)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def as_json(found: Judgement) -> dict[str, Any]:
    """For machines: latencies in microseconds, shares as shares."""
    return {
        "run": found.run,
        "system": found.system,
        "judged_at": found.at,
        "passed": found.passed,
        "problems": list(found.unsound),
        "objectives": [
            {
                "objective": verdict.objective.text,
                "figure": verdict.objective.figure,
                "of": verdict.objective.subject,
                "limit": verdict.objective.limit,
                "value": verdict.value,
                "was": verdict.was,
                "met": verdict.met,
                "outcome": verdict.outcome,
            }
            for verdict in found.verdicts
        ],
    }


def junit(found: Iterable[Judgement]) -> str:
    """A suite for each run, a test for each objective."""
    root = ElementTree.Element("testsuites", name="loadstone")
    for each in found:
        suite = ElementTree.SubElement(root, "testsuite", name=f"{each.system}: {each.run}")
        for verdict in each.verdicts:
            why = "" if verdict.met else str(verdict)
            _case(suite, each.system, verdict.objective.text, why, verdict.outcome)
        _case(suite, each.system, WHOLE, " ".join(each.unsound), "not whole")
        failed = len(suite.findall("testcase/failure"))
        suite.attrib |= {"tests": str(len(suite)), "failures": str(failed), "errors": "0"}
        if each.at:
            ElementTree.SubElement(suite, "system-out").text = _judged(each)
    for name in ("tests", "failures"):
        root.set(name, str(sum(int(suite.attrib[name]) for suite in root)))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _case(suite: ElementTree.Element, of: str, name: str, why: str, kind: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=of, name=name)
    if why:
        ElementTree.SubElement(case, "failure", type=kind, message=why).text = why


def github_annotations(found: Iterable[Judgement]) -> Iterator[str]:
    """GitHub's workflow commands: an error for each objective that was not met."""
    for each in found:
        unmet = [(f"objective {verdict.outcome}", str(verdict)) for verdict in each.unmet]
        for what, why in (*unmet, *(("not whole", why) for why in each.unsound)):
            yield f"::error title={_property(f'{each.run}: {what}')}::{_data(why)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
