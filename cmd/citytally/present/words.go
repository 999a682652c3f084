package present

import (
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/answer/assess"
	"github.com/citytally/citytally/transform/answer/published"
)

// Words are all words that the program says in Chinese and in English. A text with
// verbs, such as %s, is filled in the order of its arguments; maps are by the codes
// that they put into words. A test compares the two languages.
type Words struct {
	// Comma and Colon stand within a sentence, Clause between its clauses, List
	// between the items of an enumeration, and Entry between the points of a chart.
	Comma, Colon, Clause, List, Entry string

	// Headings that several tables have.
	Area, Indicator, City, Stage, Period, Note, AllFigures string

	// Stages are those of a figure, and Qualifiers how a qualified figure reads.
	Stages, Qualifiers map[string]string
	// Percent and Points are changes in a column; PointsInText is the second in a
	// text without spaces.
	Percent, Points, PointsInText string
	// NoChange is, in a word, why there is no change on the year before.
	NoChange map[string]string
	// Coverage is how many of the expected areas have reported. Missing names, in a
	// column, the areas that a total lacks; MissingInText does in a text without
	// spaces.
	Coverage, Missing, MissingInText string
	NotForPublication, NoValue       string

	Report     ReportWords
	Sentence   SentenceWords
	PeriodName PeriodWords
	Page       PageWords
	Explain    ExplainWords
	Release    ReleaseWords
	Published  PublishedWords
	Assess     AssessWords
	Catalogue  CatalogueWords
	Receipt    ReceiptWords
	Demo       DemoWords
}

// ReportWords are those of a report as a table or as Markdown.
type ReportWords struct {
	Title, TitleOfYear, Change, Areas, NoTotals string
}

// SentenceWords tell a total in a sentence.
type SentenceWords struct {
	// Total is the sentence, of the indicator, its level, its change and its gaps;
	// NoTotal is that of an indicator without a total, and its gaps.
	Total, NoTotal string
	// Levels tell a figure by its stage, and QualifiedLevels one with a qualifier.
	Levels, QualifiedLevels map[string]string
	// Expected stands before a change that is expected, by stage.
	Expected                                     map[string]string
	Unchanged, AlmostUnchanged                   string
	PointsUp, PointsDown, PercentUp, PercentDown string
	AmountUp, AmountDown                         string
	// NoRate is why there is no change on the year before.
	NoRate map[string]string
	// Gaps encloses what a total lacks.
	Gaps string
}

// PeriodWords name periods: the first argument is the year, the second the name
// of the part of it.
type PeriodWords struct {
	Year, Half, Quarter, Month, YearToDate string
	Halves, Quarters, Months               []string
}

// PageWords are those of the HTML page.
type PageWords struct {
	// Tag is the language's, as HTML has it.
	Tag, Title                                         string
	Area, Change, Contents, Coverage, Indicators       string
	Reporting, ReportingHow, ReportedTotals            string
	Value, Share, ByArea, OwnRatios, NoneIn            string
	Trend, Notes, Method, CityReports                  string
	Release, AsOf, Count, Incomplete, Basis, WrittenAt string
}

// ExplainWords tell what a total follows from.
type ExplainWords struct {
	Unrounded, Basis, AsOf                  string
	SumRule, RatioRule, CityRule            string
	Policies                                map[string]string
	Coverage, Publishable, NotPublishable   string
	Change, NoChange, BaseOf                string
	Numerator, Denominator, Total           string
	NobodyReported, Missing, NoneMissing    string
	Subtracted, OfPeriod, Row, Via, By      string
	Received, Note, Raw, Reason, Superseded string
	Recast, UnknownBefore                   string
	Flags                                   map[string]string
	// Excluded is why a figure that was reported is no part of the total; %s is the
	// area whose figure contains it.
	Excluded map[string]string
}

// ReleaseWords are those of creating, listing and comparing releases.
type ReleaseWords struct {
	Created, Repeated, Unjudged     string
	Withheld, WithheldTotal         string
	Name, Totals, ReleasedAt        string
	Same, Different, OtherCatalogue string
	ByCatalogue                     string
}

// PublishedWords tell how totals compare with published figures.
type PublishedWords struct {
	Summary, Basis                      string
	Published, Interval, Total, Verdict string
	Change, Implied                     string
	Irreproducible, Consequences        string
	Agreements                          map[published.Agreement]string
	Explained, OtherStage               string
}

// AssessWords are those of an assessment.
type AssessWords struct {
	Title, Latest, AsOf, Release, Basis string
	Rank, Score, Number, Weight, Target string
	Direction, Cap, Unranked, Missing   string
	Directions                          map[assess.Direction]string
	NoScore                             map[string]string
}

// CatalogueWords are those of a catalogue and of what two of them differ in.
type CatalogueWords struct {
	Areas, Datasets, Indicators, Differences table.Row
	Kinds                                    map[catalogue.AreaKind]string
	InsideOf, From, Until, DueDays           string
	Same, AllTotals                          string
	Sections, Actions                        map[string]string
	Effects                                  map[catalogue.Effect]string
}

// ReceiptWords tell what became of a submission.
type ReceiptWords struct {
	Statuses                     map[string]string
	Repeated, Rows, AcceptedRows string
	Row, Column, Seen, Message   string
}

// DemoWords are what the demo says on its way.
type DemoWords struct {
	Running, Submitted, Synthetic, Keep   string
	Until, Gateway, ClickHouse, NATS, Try string
}
