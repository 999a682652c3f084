package present

import (
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/catalogue/diff"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/answer/assess"
	"github.com/citytally/citytally/transform/answer/effect"
	"github.com/citytally/citytally/transform/answer/published"
)

// Words are the words of one language: all that the program prints in both Chinese
// and English. Texts with verbs such as %s are formats of package fmt. Maps are by
// the codes that they have the words for. A test compares the two languages.
type Words struct {
	// Separators: Comma and Colon within a sentence, Clause between clauses, List
	// between the items of an enumeration, Entry between the points of a chart.
	Comma, Colon, Clause, List, Entry string

	// Headings that several tables have.
	Area, Indicator, City, Stage, Period, Note, AllFigures string

	// Stages name the stages of a figure; Qualifiers are formats of a qualified one.
	Stages, Qualifiers map[string]string
	// Percent and Points are formats of a change.
	Percent, Points string
	// Rise and Fall are formats of a change's size.
	Rise, Fall string
	// ChangeWords are those of changes, which the districts' page has, too.
	catalogue.ChangeWords
	// Coverage is how many of the expected areas have reported. Missing has the names
	// of those that have not, in a column; MissingInText is for text that has no spaces
	// around names.
	Coverage, Missing, MissingInText string
	NotForPublication, NoValue       string
	// Flags are what is special about a total. Carried names the areas that are carried
	// at an earlier stage.
	Flags   map[string]string
	Carried string

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
	DryRun     DryRunWords
	Token      TokenWords
	Journal    JournalWords
	Dead       DeadWords
	Backup     BackupWords
	Replay     ReplayWords
	Setup      SetupWords
	Run        RunWords
	Schedules  ScheduleWords
	Calendar   CalendarWords
	Demo       DemoWords
	Rules      RulesWords
	Status     StatusWords
	Hold       HoldWords
}

// BaseWords name the period that another is compared with.
type BaseWords = catalogue.BaseWords

// TokenWords are those of the list of tokens and of what becomes of one.
type TokenWords struct {
	ID, Name, Role, State, Expires, Created, Revoked, Never, InFile string
	// Roles and States name each of them.
	Roles, States map[string]string
	// By is a format of when and by whom, ByFor of when, by whom and why.
	By, ByFor string
	// Issued and Ended tell what was done to a token.
	Issued, Ended string
}

// JournalWords are those of the list of what people did.
type JournalWords struct {
	At, Act, Of, By, Role, Way, Reason string
	// Decided is a format of an act, a period, who did it and why; Person of a name, a role and a way.
	Decided, Person string
	// Unknown is the person where an earlier version has not recorded one.
	Unknown           string
	Acts, Roles, Ways map[string]string
	// Reasons are those that the program itself gives, by what the log has.
	Reasons map[string]string
}

// ScheduleWords are those of the list of schedules.
type ScheduleWords struct {
	Name, Job, Cron, Next, Last, Result, Never, Unknown, Well string
	// Paused is a format of since when, by whom and why.
	Paused string
	Jobs   map[string]string
	// Step, Way, To and Outcome head the list of reminders; NoReminders says that there is none.
	Step, Way, To, Outcome, NoReminders string
	// Ways and Outcomes name those of reminders.
	Ways, Outcomes map[string]string
}

// CalendarWords are those of what is owed and of what has become of it.
type CalendarWords struct {
	Dataset, Deadline, Grace, Lock, Final       string
	State, Received, Held, Refused, Late, Lacks string
	// States name the states of an obligation.
	States map[string]string
	// Nothing says that nothing is owed; Provisional is a format of years without holidays.
	Nothing, Provisional string
	// Days and Hours are formats of how late something is.
	Days, Hours string
	// Feed names the calendar of everybody, FeedOf is a format of an area's; Due is a format
	// of an event's title: area, dataset and period; GraceUntil of the end of the grace.
	Feed, FeedOf, Due, GraceUntil string
	// Remind and RemindLate are formats of a reminder in a sentence, before the deadline and after
	// it: area, dataset, period, how many are missing, of how many, deadline. Letter is one of what
	// a letter says: the same, and the time zone; LetterEnd is what every letter ends with.
	Remind, RemindLate, Letter, LetterEnd string
	// RemindAll and RemindAllLate are formats of several reminders in a sentence, without one that is overdue
	// and with some: area, how many reports, how many of them overdue, the reports. Report is one of a
	// report: dataset and period; LetterTo begins a letter.
	RemindAll, RemindAllLate, Report, LetterTo string
	// LockedBy is a format of when a period was locked, and by whom.
	LockedBy string
	// Headings of the scores.
	DueCount, InTime, LateCount, Incomplete, Timeliness, Completeness, RefusedShare, Revisions string
}

// ReportWords are those of a report as a table or as Markdown.
type ReportWords struct {
	Title, Areas, NoTotals string
	// Unreported heads the indicators that nobody has reported; NobodyOf names who was to.
	Unreported, NobodyOf string
}

// SentenceWords are those of a total told in a sentence.
type SentenceWords struct {
	// Total is the whole sentence: indicator, level, change and gaps. NoTotal is that of
	// an indicator without a total: indicator and gaps.
	Total, NoTotal string
	// Levels are formats of a figure by its stage, QualifiedLevels of a figure with a
	// qualifier.
	Levels, QualifiedLevels map[string]string
	// Expected stands before a change that is expected, by stage.
	Expected map[string]string
	// The first argument is the base, the second the size.
	Unchanged, AlmostUnchanged                   string
	PointsUp, PointsDown, PercentUp, PercentDown string
	AmountUp, AmountDown                         string
	// NoRate is why there is no change. %[1]s is the base; %[2]s is, of reasons that lie
	// with areas, those, behind a colon, and of a change of sign, which it is.
	NoRate map[string]string
	// Gaps puts what a total lacks in brackets.
	Gaps string
}

// PeriodWords are formats of periods. Their first argument is the year, the second
// the name of the half, quarter or month.
type PeriodWords struct {
	Year, Half, Quarter, Month, YearToDate string
	Halves, Quarters, Months               []string
}

// PageWords are those of the HTML page.
type PageWords struct {
	// Tag is the code of the language in HTML.
	Tag, Title                              string
	Area, Contents, Coverage, Indicators    string
	Reporting, ReportingHow, ReportedTotals string
	Value, Share, ByArea, OwnRatios, NoneIn string
	// Partial, Broken and Revised say what a column of the trend is that looks so;
	// NotReported stands for the value of an area that is missing.
	Partial, Broken, Revised, NotReported              string
	Trend, Notes, Method, CityReports                  string
	Release, AsOf, Count, Incomplete, Basis, WrittenAt string
}

// ExplainWords are those of an explanation.
type ExplainWords struct {
	Unrounded, Basis, AsOf       string
	SumRule, RatioRule, CityRule string
	// DistinctRule takes the indicator and the words of its rule of claims, by ClaimRules.
	DistinctRule string
	ClaimRules   map[string]string
	// OnList tells how many entities an area's list has, how many of them are valid at the
	// period's end and how many count for it; Claimed tells an entity's name and code, the
	// areas that claim it and the one that it counts for; MoreClaimed how many more there are.
	OnList, Claimed, MoreClaimed string
	// OnEarlierList tells how many of those on the list were left out of the submission that
	// came last, and names them.
	OnEarlierList                                string
	Policies                                     map[string]string
	Coverage, Publishable, NotPublishable        string
	Change, NoChange, BaseOf                     string
	Numerator, Denominator, Total                string
	NobodyReported, Missing, NoneMissing         string
	Subtracted, OfPeriod, Row, Via, By, OnBehalf string
	// Channels name the ways in which submissions come.
	Channels map[string]string
	// ReleasedAt is since when a figure counts that was held.
	Received, ReleasedAt, Note, Raw, Reason, Confirmed, Superseded string
	Recast, UnknownBefore                                          string
	// What the catalogue says of an indicator.
	Meaning, Population, Source, Redefined, Validity string
	// Refused tells an area and the indicator whose figure it sent in vain.
	Refused string
	// Contradiction tells an area, an indicator, and two values with what they follow
	// from.
	Contradiction string
	// Excluded is why a reported figure is no part of the total; %s is the area whose
	// figure contains it.
	Excluded map[string]string
}

// ReleaseWords are those of creating, listing and comparing releases.
type ReleaseWords struct {
	Created, Repeated, Unjudged string
	Withheld, WithheldTotal     string
	// NotWithheld is a format of indicators that were named to be let out and that nothing keeps back.
	NotWithheld                     string
	Name, Totals, ReleasedAt        string
	Same, Different, OtherCatalogue string
	// ByCatalogue and ByProgram say why a total differs where no figure does, or beside figures
	// that do: by the catalogue, or by neither.
	ByCatalogue, ByProgram string
	// Unreported heads the indicators that stop a release, NameAbsent says how to name them,
	// and NotAbsent which were named without need. WasAbsent stands for a total that a
	// release was known to lack.
	Unreported, NameAbsent, NotAbsent, WasAbsent string
}

// PublishedWords are those of a comparison with published figures.
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

// CatalogueWords are those of a catalogue and of the differences of two.
type CatalogueWords struct {
	Areas, Datasets, Indicators, Differences table.Row
	Kinds                                    map[catalogue.AreaKind]string
	InsideOf, From, Until, DueDays           string
	Same, AllTotals                          string
	Sections, Actions                        map[string]string
	Effects                                  map[diff.Effect]string
	// TotalsChange counts the totals that change, are withdrawn and come anew, and those of
	// them in locked periods. DryRun and Applied say whether the catalogue, by its version,
	// is in force, the latter from which place on.
	TotalsChange, MoreTotals, DryRun, Applied, AlreadyInForce string
	Totals                                                    table.Row
	BecameOf                                                  map[effect.Kind]string
	Locked, Unconverted                                       string
	// Misfit is a format of why rules or calendar do not fit; NothingOwed says that nothing would be.
	Misfit, NothingOwed string
	// NotConverting and NotFitting say why a catalogue is refused: for how many figures, or for
	// rules or a calendar, and its version.
	NotConverting, NotFitting string
	Editions                  table.Row
}

// ReceiptWords are those of what became of a submission.
type ReceiptWords struct {
	Statuses                              map[string]string
	Repeated, Rows, AcceptedRows, Omitted string
	Row, Cell, Column, Seen, Message      string
	// Columns are the names of a file's columns; what has none there is its own.
	Columns map[string]string
	// EffectCount is a format of the name of an effect and the number of its rows,
	// AssumedStage one of the stage that rows without a stage were given.
	Effects                              map[event.Effect]string
	EffectCount, AssumedStage            string
	Effect, Figure, From, To, Submission string
	NoFigure, OmittedChanges             string
	// Unavailable tells that a file was not taken: its name, the gateway, how long it was
	// tried, and why. Silent is why where the gateway did not answer at all.
	Unavailable, Silent string
	// Place is a format of where in the log the submission is.
	Place string
	// Life are formats of how far it has come, by stage, with Received and Judged the times, and
	// Totalled the basis.
	Received, Judged, NotJudged, Totalled, NotTotalled, Stored, NotStored string
}

// DemoWords are those of the demo.
type DemoWords struct {
	Running, Submitted, Synthetic, Keep   string
	Until, Gateway, ClickHouse, NATS, Try string
}

// DeadWords are those of messages that were put aside.
type DeadWords struct {
	Heading table.Row
	None    string
	// Replayed and Discarded are formats of the number of a message that was dealt with.
	Replayed, Discarded string
}

// ReplayWords are those of what was filled again or brought back.
type ReplayWords struct {
	Rebuilt, Restored table.Row
	// AskRebuild asks whether to replace the tables, AskDiscard the same where what they alone hold is given up.
	AskRebuild, AskDiscard string
	// Lost is a format of what does not come back, such as a LostSubmission, a format of its id.
	Lost, LostSubmission string
}

// SetupWords are those of how the broker differs from the settings.
type SetupWords struct {
	// Revoked is a format of the tokens that the broker knows again as revoked.
	Revoked, Migrated, Same string
	Would, Became           table.Row
	Unchanged               string
	// GoodSettings says that settings were checked and nothing is wrong.
	GoodSettings string
}

// BackupWords are those of a backup.
type BackupWords struct {
	Heading table.Row
	// File is a format of a file beside the streams; Whole one of how many backups a directory has and
	// when the newest was made.
	File, Left, Whole string
}
