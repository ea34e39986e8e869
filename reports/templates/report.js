// Draws every chart of the page. Ink and grid are the page's own colours, so that a change to dark,
// or to paper, needs no drawing anew.
const narrow = window.matchMedia("(max-width: 40rem)").matches;
const axis = {
  labelColor: "var(--quiet)",
  titleColor: "var(--quiet)",
  domainColor: "var(--line)",
  tickColor: "var(--line)",
  gridColor: "var(--line)",
  gridOpacity: 0.6,
  titleFontWeight: "normal",
  labelFontSize: 12,
  titleFontSize: 12,
};
const config = {
  background: null,
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis,
  axisY: { minExtent: narrow ? 0 : 48, labelLimit: narrow ? 120 : 260 },
  legend: {
    orient: "top",
    direction: "horizontal",
    labelColor: "var(--ink)",
    labelFontSize: 12,
    labelLimit: 320,
    symbolSize: 200,
    symbolStrokeWidth: 2,
  },
};

// As many columns of a legend as fit: a label's letter is about 7 pixels wide, its symbol 40.
function legendColumns(spec, width) {
  const views = [spec, ...(spec.layer ?? [])];
  const names = views.flatMap((view) => view.encoding?.color?.scale?.domain ?? []);
  const widest = Math.max(0, ...names.map((name) => name.length));
  return Math.max(1, Math.floor(width / (widest * 7 + 40)));
}

for (const figure of document.querySelectorAll("figure[data-chart]")) {
  const spec = JSON.parse(figure.querySelector("script").textContent);
  const columns = legendColumns(spec, figure.clientWidth - (narrow ? 130 : 60));
  const options = {
    renderer: "svg",
    actions: false,
    config: { ...config, legend: { ...config.legend, columns } },
    tooltip: { theme: "custom" },
  };
  window.vegaEmbed(figure.querySelector(".chart"), spec, options).then(
    () => figure.setAttribute("data-drawn", ""),
    (error) => console.error(`chart ${figure.dataset.chart}: ${error}`),
  );
}
