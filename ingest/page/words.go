package page

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Words are the words of one language: all that the page says by itself. Texts with verbs
// such as %s are formats of package fmt. A test compares the two languages.
type Words struct {
	// Tag is the code of the language in HTML, Other the name of the other one in itself.
	Tag, Other, OtherCode string
	Product, Skip, Menu   string
	SignOut               string
	Area, Choose          string

	// Signing in.
	SignIn, SignInHow, Token, TokenHint, ShowToken, Enter, Ended string

	// Dropping a file.
	Upload, UploadHow, DropHere, Dataset, More                string
	Period, PeriodHint, Sheet, SheetHint, Charset, CharsetAny string
	Check, Checking, CheckAgain, ReadAnew, AnotherFile        string

	// Looking at a file.
	CheckTitle, Understood, NotRead, NotReadHow, Notes, RowNotes, OmittedNotes string
	NothingTaken, WouldBe, NotForeseen, Nothing                                string
	Send, Sending, Reason, ReasonHint, Again, Cancel                           string

	TotalsMove, Now, Then, NoTotal, Coverage, Missing, AndMore string

	// Submissions.
	Recent, None, When, Name, State, Accepted, NoName                          string
	SubmissionTitle, Receipt, Same, SentAgain, Earlier, Waiting, Mend, NotKept string
	Statuses                                                                   map[string]string
	Effects                                                                    map[event.Effect]string
	Severities                                                                 map[event.Severity]string
	Row, Cell, Indicator, Value, Stage, Effect                                 string
	FromTo, ShownRows, OmittedFindings, OnFile                                 string
	NoFigure, Withdraws, WithStage                                             string
	Stages, Qualifiers                                                         map[string]string
	Periods                                                                    PeriodWords

	// Own figures, their history, and the city's totals.
	Figures, Totals, Show, Download, InForce, NewFigure, TypeHow                                                string
	AsBefore, CheckTyped, Typed, TypedFile, Original, HistoryOf, Confirmed, OnBehalf, ReleasedOn, By, Raw, Note string
	Percent, Points, Own, HowItAdds, Others, List, Colon, Together                                              string
	Changes                                                                                                     catalogue.ChangeWords // as reports have them
	NotPublishable, RatioOf, TotalsHow, Live, NoTotals, Figure                                                  string

	// What is held, and what is owed.
	Held, HeldHow, HeldBureauHow, HeldCount, HeldSee, HeldNone, HeldAll, HeldPending string
	// SeenNames name the values that rules see; what has no name there is shown as the rule calls it.
	SeenNames                                                                                                                                                map[string]string
	Why, Saw, Explanations, Decision, ReportedAs, WithHeld, HeldAlone, WithTheseHeld, ListHeld, TakenOff, AndOthers, AsSent, AsMarked, AssumedStage, Further string
	Explain, ExplainSend, WhyDecide, ReleaseIt, RefuseIt                                                                                                     string
	HeldStates, HeldDone, Releasers, ExplainHints                                                                                                            map[string]string
	Owed, OwedLong, OwedCount, Deadline, Filled, Overdue                                                                                                     string

	// What cannot be done.
	Refused, Back, Failed, NotFound, BadForm, NoFile, Forgotten, MayNotSend string
	NothingTyped, NoCell, NoSuchTotal, TooManyPages                         string
}

// PeriodWords are formats of periods. Their first argument is the year, the second the name
// of the half, quarter or month.
type PeriodWords struct {
	Year, Half, Quarter, Month, YearToDate string
	Halves, Quarters, Months               []string
}
