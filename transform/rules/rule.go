package rules

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Rule is one rule as its file has it.
type Rule struct {
	// ID is a token of lower-case letters, digits and _. Findings have it in capitals as
	// their code.
	ID string `yaml:"id" json:"id"`
	// Severity is what a fault does to its row: reject, hold or inform.
	Severity event.Severity `yaml:"severity" json:"severity"`
	// ReleasedBy is who releases a row that the rule holds; the bureau where it is left out.
	ReleasedBy event.Releaser `yaml:"released_by" json:"released_by,omitempty"`
	// On is which rows the rule is about; those that report a figure where it is left out.
	On    On    `yaml:"on" json:"on,omitempty"`
	Scope Scope `yaml:"scope" json:"scope"`
	// Relation has the rule compare the figure with those of other indicators, one at a
	// time, which the expression names other.
	Relation Relation `yaml:"relation" json:"relation,omitempty"`
	// Column is what the finding is about; value where it is left out.
	Column string `yaml:"column" json:"column,omitempty"`
	// Thresholds are decimals that the expression and the messages name.
	Thresholds map[string]string `yaml:"thresholds" json:"thresholds,omitempty"`
	// Expression is true of a figure at fault.
	Expression string `yaml:"expression" json:"expression"`
	// Let are more values for the messages, by name.
	Let       map[string]string `yaml:"let" json:"let,omitempty"`
	MessageZH string            `yaml:"message_zh" json:"message_zh"`
	MessageEN string            `yaml:"message_en" json:"message_en"`
	// Pass and Fail are figures without and with the fault.
	Pass []Example `yaml:"pass" json:"pass"`
	Fail []Example `yaml:"fail" json:"fail"`
}

// On is what a row does.
type On string

// A row reports a figure; withdraws one, or says that there is none any more; or states a
// ratio, which is computed and never taken.
const (
	OnFigure     On = ""
	OnWithdrawal On = "withdrawal"
	OnRatio      On = "ratio"
)

// onCount is how many kinds of row there are.
const onCount = 3

// index returns the place of the kind among them.
func (o On) index() int {
	switch o {
	case OnWithdrawal:
		return 1
	case OnRatio:
		return 2
	}
	return 0
}

// Scope is what a rule concerns. An empty list is everything.
type Scope struct {
	Datasets   []string               `yaml:"datasets" json:"datasets,omitempty"`
	Indicators []string               `yaml:"indicators" json:"indicators,omitempty"`
	Areas      []string               `yaml:"areas" json:"areas,omitempty"`
	Units      []UnitKind             `yaml:"units" json:"units,omitempty"`
	Kinds      []catalogue.Kind       `yaml:"kinds" json:"kinds,omitempty"`
	Periods    []catalogue.PeriodKind `yaml:"periods" json:"periods,omitempty"`
	// From and To bound the years, both inclusive; 0 is no bound.
	From int `yaml:"from" json:"from,omitempty"`
	To   int `yaml:"to" json:"to,omitempty"`
}

// UnitKind is what the values of a unit are.
type UnitKind string

// The kinds of unit: things counted one by one, shares of a whole, and all others.
const (
	Counted UnitKind = "counted"
	Share   UnitKind = "share"
	Measure UnitKind = "measure"
)

func unitKindOf(u catalogue.Unit) UnitKind {
	switch {
	case u.Whole():
		return Counted
	case u.Share():
		return Share
	}
	return Measure
}

// Relation names the indicators that a figure is compared with.
type Relation string

// The relations. AtMost are the indicators that the catalogue says a figure never exceeds;
// AtLeast are those that never exceed it, as far as the submission does not report them,
// since it is their rows that are at fault then.
const (
	AtMost  Relation = "at_most"
	AtLeast Relation = "at_least"
)

// Example is a figure and those beside it, for the tests of a rule.
type Example struct {
	Value string `yaml:"value" json:"value"`
	// Unit, Kind and Period are 亿元, flow and 2021 where they are left out.
	Unit   string         `yaml:"unit" json:"unit,omitempty"`
	Kind   catalogue.Kind `yaml:"kind" json:"kind,omitempty"`
	Period string         `yaml:"period" json:"period,omitempty"`
	Stage  string         `yaml:"stage" json:"stage,omitempty"`
	// InForce to Other are the figures of those names; empty where there is none.
	InForce      string `yaml:"in_force" json:"in_force,omitempty"`
	InForceStage string `yaml:"in_force_stage" json:"in_force_stage,omitempty"`
	// Raw is the value as a row has it, with its unit.
	Raw string `yaml:"raw" json:"raw,omitempty"`
	// Apart is how many years lie between the period and that of the reference.
	Apart      string `yaml:"apart" json:"apart,omitempty"`
	Before     string `yaml:"before" json:"before,omitempty"`
	YearBefore string `yaml:"year_before" json:"year_before,omitempty"`
	After      string `yaml:"after" json:"after,omitempty"`
	SameSpan   string `yaml:"same_span" json:"same_span,omitempty"`
	Host       string `yaml:"host" json:"host,omitempty"`
	Other      string `yaml:"other" json:"other,omitempty"`
	// Series are the figures of the periods before, the latest first.
	Series []string `yaml:"series" json:"series,omitempty"`
	// Shares are the area's shares of the city in the years before, the latest first.
	Shares []string `yaml:"shares" json:"shares,omitempty"`
	Note   string   `yaml:"note" json:"note,omitempty"`
	Reason string   `yaml:"reason" json:"reason,omitempty"`
	// Known are the other figures that expressions name, by name: {control: 100}.
	Known map[string]string `yaml:"known" json:"known,omitempty"`
	// Figures are those of other indicators in the period, by id.
	Figures map[string]string `yaml:"figures" json:"figures,omitempty"`
}
