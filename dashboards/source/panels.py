"""The few kinds of panel that Belfry's dashboards are made of, and how they stand on the grid."""

from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import common, dashboard, heatmap, prometheus, stat, statetimeline, table, text, timeseries
from grafana_foundation_sdk.models import common as commons
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heats
from grafana_foundation_sdk.models import text as texts
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SELECT = 'job=~"$job",instance=~"$instance"'
SOURCE = models.DataSourceRef(type_val="prometheus", uid="$datasource")
GREEN, BLUE, ORANGE, RED = "green", "blue", "orange", "red"
# The house's colours for people who cannot tell red from green: text says the same.
GOOD_IF_ZERO = [(None, GREEN), (1, RED)]
ON_OFF = {0: ("no", "transparent"), 1: ("yes", ORANGE)}


def series(name, labels=""):
    """A selector of the chosen relays: series("belfry_users")."""
    return f"{name}{{{SELECT}{',' if labels else ''}{labels}}}"


def rate(name, labels=""):
    return f"rate({series(name, labels)}[$__rate_interval])"


def total(name, by="", labels=""):
    """Rate of a counter, over the chosen relays."""
    return f"sum{f' by ({by})' if by else ''} ({rate(name, labels)})"


def quantile(name, q="$quantile", by="", labels=""):
    groups = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, sum by ({groups}) ({rate(name + '_bucket', labels)}))"


def mean(name, by="", labels=""):
    """Mean of a histogram's observations; no value where there were none."""
    whole = f"sum{f' by ({by})' if by else ''} "
    return f"{whole}({rate(name + '_sum', labels)}) / ({whole}({rate(name + '_count', labels)}) > 0)"


@dataclass
class Spec:
    """One panel: how to build it, and how large it is."""

    builder: object
    width: int
    height: int


@dataclass
class Row:
    title: str
    specs: list[Spec] = field(default_factory=list)


def runbook(*names):
    return [
        dashboard.DashboardLink(f"Runbook: {name}").url("${runbooks}/" + name + ".md").target_blank(True)
        for name in names
    ]


def dressed(builder, title, description, unit, queries, runbooks=(), instant=False, form=None):
    """What all panels have. `queries` maps legends to expressions."""
    builder.title(title).description(description).datasource(SOURCE)
    if unit is not None:
        builder.unit(unit)
    if runbooks:
        builder.links(runbook(*runbooks))
    for place, (legend, expression) in enumerate(queries.items()):
        query = prometheus.Dataquery().expr(expression).ref_id(chr(ord("A") + place)).legend_format(legend)
        query = query.instant() if instant else query.range()
        if form:
            query.format(form)
        builder.with_target(query)
    return builder


def steps(values):
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(
        [models.Threshold(value=value, color=color) for value, color in values])


def mapped(values):
    """Texts and colours for single values."""
    return [models.ValueMap(options={
        str(value): models.ValueMappingResult(text=name, color=color, index=place)
        for place, (value, (name, color)) in enumerate(values.items())})]


def number(title, description, unit, expression, width=3, limits=GOOD_IF_ZERO, mapping=None, missing=None, legend="", runbooks=(),
           decimals=None, names=False):
    """A number that says by its colour whether it is well."""
    builder = dressed(stat.Panel(), title, description, unit, {legend: expression}, runbooks, instant=True)
    builder.thresholds(steps(limits)).color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
    builder.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    builder.color_mode(commons.BigValueColorMode.BACKGROUND).graph_mode(commons.BigValueGraphMode.NONE)
    builder.text_mode(commons.BigValueTextMode.VALUE_AND_NAME if names else commons.BigValueTextMode.VALUE)
    if mapping:
        builder.mappings(mapped(mapping))
    if missing:
        builder.no_value(missing)
    if decimals is not None:
        builder.decimals(decimals)
    return Spec(builder, width, 4)


def lines(title, description, unit, queries, width=8, height=8, stacked=False, limits=None, runbooks=(), low=0, high=None, log=False,
          between=None, sort=True):
    """Curves. `limits` draws dashed lines; `between` names two legends whose gap is filled."""
    builder = dressed(timeseries.Panel(), title, description, unit, queries, runbooks)
    builder.fill_opacity(25 if stacked else 8).line_width(1).show_points(commons.VisibilityMode.NEVER)
    builder.legend(common.VizLegendOptions().show_legend(True).display_mode(commons.LegendDisplayMode.LIST).placement(
        commons.LegendPlacement.BOTTOM))
    builder.tooltip(common.VizTooltipOptions().mode(commons.TooltipDisplayMode.MULTI).sort(
        commons.SortOrder.DESCENDING if sort else commons.SortOrder.NONE))
    if low is not None:
        builder.min(low)
    if high is not None:
        builder.max(high)
    if stacked:
        builder.stacking(common.StackingConfig().mode(commons.StackingMode.NORMAL))
    if log:
        builder.scale_distribution(common.ScaleDistributionConfig().type(commons.ScaleDistribution.LOG).log(10))
    if limits:
        builder.thresholds(steps([(None, "transparent")] + limits))
        # Their spelling.
        builder.thresholds_style(common.GraphThresholdsStyleConfig().mode(commons.GraphTresholdsStyleMode.DASHED))
    if between:
        upper, lower = between
        builder.override_by_name(upper, [
            models.DynamicConfigValue(id_val="custom.fillBelowTo", value=lower),
            models.DynamicConfigValue(id_val="custom.fillOpacity", value=20)])
        builder.override_by_name(lower, [
            models.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [8, 6]}),
            models.DynamicConfigValue(id_val="custom.fillOpacity", value=0)])
    return Spec(builder, width, height)


def heat(title, description, unit, name, width=12, height=8, labels="", runbooks=()):
    """Buckets over time: how many observations fell where."""
    builder = dressed(heatmap.Panel(), title, description, unit, {"{{le}}": total(name + "_bucket", "le", labels)}, runbooks,
                      form=PromQueryFormat.HEATMAP)
    builder.calculate(False).y_axis(heatmap.YAxisConfig().unit(unit))
    builder.color(heatmap.HeatmapColorOptions().mode(heats.HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
                  .exponent(0.5).fill("dark-orange").reverse(False))
    return Spec(builder, width, height)


def timeline(title, description, queries, width=24, height=8, mapping=None, limits=None, runbooks=(), unit="none"):
    """States over time, one bar a series."""
    builder = dressed(statetimeline.Panel(), title, description, unit, queries, runbooks)
    builder.show_value(commons.VisibilityMode.NEVER).merge_values(True).row_height(0.85).fill_opacity(80)
    builder.color_scheme(dashboard.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
    builder.thresholds(steps(limits or [(None, GREEN), (1, RED)]))
    builder.legend(common.VizLegendOptions().show_legend(False).display_mode(commons.LegendDisplayMode.LIST).placement(
        commons.LegendPlacement.BOTTOM))
    if mapping:
        builder.mappings(mapped(mapping))
    return Spec(builder, width, height)


def rows(title, description, queries, width=12, height=8, hide=(), rename=None, runbooks=(), unit="none", missing="none", link=None):
    """A table of what is so now, one line a series."""
    builder = dressed(table.Panel(), title, description, unit, queries, runbooks, instant=True, form=PromQueryFormat.TABLE)
    # Without an option of its own Grafana's models write null, and do not read it.
    builder.no_value(missing).show_header(True)
    hidden = {name: True for name in ("Time", "__name__", "job", *hide)}
    builder.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
    builder.with_transformation(models.DataTransformerConfig(
        id_val="organize", options={"excludeByName": hidden, "renameByName": rename or {}}))
    if link:
        column, url = link
        builder.override_by_name(column, [models.DynamicConfigValue(
            id_val="links", value=[{"title": "Runbook", "url": url, "targetBlank": True}])])
    return Spec(builder, width, height)


def note(title, description, content, width=24, height=4):
    builder = text.Panel().title(title).description(description).unit("none").mode(texts.TextMode.MARKDOWN).content(content)
    return Spec(builder, width, height)


def variables(builder):
    def option(text, value=None):
        return models.VariableOption(selected=True, text=text, value=value if value is not None else text)

    everything = models.VariableOption(selected=True, text=["All"], value=["$__all"])
    builder.with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    builder.with_variable(
        dashboard.QueryVariable("job").label("Job").datasource(SOURCE).query("label_values(belfry_build_info, job)")
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True).include_all(True).all_value(".+").current(everything))
    builder.with_variable(
        dashboard.QueryVariable("instance").label("Relay").datasource(SOURCE)
        .query('label_values(belfry_build_info{job=~"$job"}, instance)')
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True).include_all(True).all_value(".+").current(everything))
    quantiles = ["0.5", "0.9", "0.95", "0.99", "0.999"]
    builder.with_variable(
        dashboard.CustomVariable("quantile").label("Quantile").values(",".join(quantiles)).current(option("0.99"))
        .options([models.VariableOption(selected=value == "0.99", text=value, value=value) for value in quantiles]))
    builder.with_variable(
        dashboard.TextBoxVariable("runbooks").label("Runbooks").default_value("https://runbooks.example.com/belfry")
        .current(option("https://runbooks.example.com/belfry")))


def annotations(builder):
    builder.annotation(
        dashboard.AnnotationQuery().name("Starts").datasource(SOURCE).enable(True).icon_color("blue")
        .expr(f"changes({series('process_start_time_seconds')}[2m]) > 0"))
    builder.annotation(
        dashboard.AnnotationQuery().name("Relay alerts").datasource(SOURCE).enable(True).icon_color("red")
        .expr(f"sum by (alert) ({series('belfry_alert_active')}) > 0"))


def build(uid, title, description, content, time_from="now-3h"):
    """A whole dashboard. Panels stand from left to right; a row begins a new line."""
    builder = (
        dashboard.Dashboard(title).uid(uid).description(description).tags(["belfry"]).editable()
        .tooltip(models.DashboardCursorSync.CROSSHAIR).time(time_from, "now").refresh("30s").timezone("browser"))
    variables(builder)
    annotations(builder)
    builder.link(dashboard.DashboardLink("Belfry").type(models.DashboardLinkType.DASHBOARDS).tags(["belfry"]).as_dropdown(False)
                 .include_vars(True).keep_time(True))
    builder.link(dashboard.DashboardLink("Runbooks").type(models.DashboardLinkType.LINK).icon("doc").url("${runbooks}")
                 .target_blank(True))
    number, y = 1, 0
    for row in content:
        builder.with_row(dashboard.Row(row.title).id(number).grid_pos(models.GridPos(h=1, w=24, x=0, y=y)))
        number, y, x, tallest = number + 1, y + 1, 0, 0
        for spec in row.specs:
            if x + spec.width > 24:
                x, y, tallest = 0, y + tallest, 0
            spec.builder.id(number).grid_pos(models.GridPos(h=spec.height, w=spec.width, x=x, y=y))
            builder.with_panel(spec.builder)
            number, x, tallest = number + 1, x + spec.width, max(tallest, spec.height)
        y += tallest
    return builder.build()
