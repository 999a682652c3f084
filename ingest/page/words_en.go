package page

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

var english = Words{
	Tag: "en", Other: "中文", OtherCode: "zh",
	Product: "Figures for %s", Skip: "Skip to content", Menu: "Main menu", SignOut: "Sign out", Area: "Area", Choose: "Change",

	SignIn: "Sign in", SignInHow: "Enter your area's token. Whoever runs citytally gives it out; it begins with ct_.", Token: "Token", TokenHint: "Paste all of it.",
	ShowToken: "Show the token", Enter: "Sign in", Ended: "You have been signed out. Sign in again; a file that you had not confirmed was not sent.",

	Upload: "Send a file", UploadHow: "You see what was read before anything is sent. Excel (.xlsx), CSV, TSV or JSON, up to %d MB.",
	DropHere: "Drop a file here, or click to choose one", Dataset: "Report", More: "More options",
	Period: "Period", PeriodHint: "Where the table does not say it: 2021, 2021-Q3.", Sheet: "Sheet", SheetHint: "Where a workbook has several tables.",
	Charset: "Encoding", CharsetAny: "Find out", Check: "Look at the file", Checking: "Reading…", ReadAnew: "Not what you meant? Read it another way", CheckAgain: "Read it again like this", AnotherFile: "Another file",

	CheckTitle: "Confirm and send", Understood: "What was read", NotRead: "This file cannot be read", NotReadHow: "Add below what is asked and read it again, or mend the file and choose it anew. Nothing was sent.",
	Notes: "Check what was passed over", RowNotes: "Headings, totals and footnotes that were passed over (%d)", OmittedNotes: "%d more notes are not shown.", NothingTaken: "Nothing was sent yet. Look through the table above, then choose “Send these figures”.",
	WouldBe: "What sending would do", NotForeseen: "What would become of these figures cannot be told now, since the stage that judges is away. They can be sent all the same.",
	Nothing:    "As it is, nothing of this would be accepted. Mend the file; for a locked period, give the reason below.",
	TotalsMove: "Totals of the city that would move", Now: "Now", Then: "Then", NoTotal: "none yet", Coverage: "Areas in it", Missing: "without %s", AndMore: "and %d more",
	Send: "Send these figures", Sending: "Sending…", Reason: "Reason for changes", ReasonHint: "Needed to change figures of a locked period; else leave it empty.",
	Again: "The same was sent before; send it as a new version", Cancel: "Do not send",

	Recent: "Recent submissions", None: "Nothing has been sent yet.", When: "Received", Name: "File", State: "State", Accepted: "Accepted", NoName: "(no file name)",
	SubmissionTitle: "Submission %s", Receipt: "Receipt", SentAgain: "sent again, the same", Earlier: "What was sent before with the same content", Same: "The same was sent before and is in force. Nothing was stored again. Below is the receipt of that submission, and what became of it.", Waiting: "Received. It is being judged…",
	Mend: "Send it again, mended", NotKept: "The figures as sent are not kept any more; only rows with remarks are listed.",
	Statuses: map[string]string{"received": "Received, not judged yet", "accepted": "Accepted", "partial": "Partly accepted", "held": "Held", "rejected": "Not accepted"},
	Effects: map[event.Effect]string{
		event.New: "New", event.Changed: "Changed", event.Unchanged: "Unchanged", event.WithdrewIt: "Withdrawn",
		event.Superseded: "Superseded", event.Held: "Held", event.Refused: "Not accepted", event.Silent: "Passed over",
	},
	Severities: map[event.Severity]string{event.Reject: "Mistake", event.Hold: "Held", event.Inform: "Note"},
	Row:        "Row", Cell: "Cell", Indicator: "Indicator", Value: "Value", Stage: "Stage", Effect: "Result",
	FromTo: "%s → %s", ShownRows: "%d rows, of which %d are shown.", OmittedFindings: "%d more are not shown.", OnFile: "The whole file",
	NoFigure: "no figure", Withdraws: "withdraws", WithStage: "%s (%s)",
	Stages:     map[string]string{"forecast": "forecast", "estimate": "estimate", "flash": "flash", "final": "final"},
	Qualifiers: map[string]string{"below": "nearly %s", "above": "over %s", "about": "about %s"},
	Periods: PeriodWords{
		Year: "%d", Half: "%[2]s half of %[1]d", Quarter: "%[2]s quarter of %[1]d", Month: "%[2]s %[1]d", YearToDate: "January to %[2]s %[1]d",
		Halves: []string{"first", "second"}, Quarters: []string{"first", "second", "third", "fourth"},
		Months: []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	},

	Figures: "Own figures", Totals: "City totals", Show: "Show", Download: "Download the form (Excel)", InForce: "In force", NewFigure: "Correct to",
	TypeHow: "Fill in the rows to correct; the others stay as they are. You see what would become of it before anything is sent.", AsBefore: "As in force (new figures: the report's own)", CheckTyped: "Look at the corrections",
	Typed: "Corrections typed on the page, %d in all.", TypedFile: "typed on the page (%s)", Original: "Submission", HistoryOf: "All that was sent", Confirmed: "Sent again since, the same: ", OnBehalf: "correction by the bureau", ReleasedOn: "released", By: "Sent by", Raw: "As written", Note: "Note",
	Percent: "%s%%", Points: "%s points", Changes: catalogue.EnglishChanges(), Own: "Own", HowItAdds: "How it adds up", Others: "Other areas together", List: ", ", Colon: ": ", Together: "Sum",
	NotPublishable: "not publishable yet", RatioOf: "first sum ÷ second sum × %d", TotalsHow: "This page follows by itself when figures change.", Live: "Updated", NoTotals: "There are no totals of this period yet.", Figure: "Figure",

	Held: "Held", HeldHow: "These figures were received and do not count in the city's totals yet. Where one is wrong, send the right one; where it is right, say why.",
	HeldBureauHow: "These figures were received and do not count in the city's totals yet. Release or refuse them; the reason is kept, and the area sees it.",
	HeldCount:     "Held, and not counted yet: %d.", HeldSee: "See to them", HeldNone: "Nothing is held.", HeldAll: "Show those that were decided too", HeldPending: "Show those that are held alone",
	SeenNames: map[string]string{"value": "reported", "in_force": "in force", "before": "period before", "year_before": "year before", "after": "next period", "same_span": "same months as another period", "host": "district around the zone", "other": "related indicator", "zone": "zone inside", "within": "longer period", "part": "shorter period", "grown": "new", "shrunk": "gone", "control": "control total", "stated_base": "year before as the row says", "stated_change": "change as the row says", "base": "base", "numerator": "numerator", "denominator": "denominator", "withdrawn": "withdrawn now", "reported": "reported so far", "so_far": "year before this period", "reference": "held against", "reference_years": "years between", "against": "period held against", "nearest": "nearest year", "before_in_force": "period before in force", "city_sum": "sum of the areas", "city_rounding": "what rounding allows", "zones_missing": "zones missing", "city_share": "share of the city, %", "same_as_before": "of the table as in the period before, %", "same_as_year_before": "of the table as a year before, %", "series": "periods before", "references": "comparable figures", "shares": "shares before, %", "known": "known", "history": "history", "ratio": "ratio", "difference": "difference", "follows": "what follows", "most": "at most"},
	Why:       "Why", Saw: "Seen", Explanations: "Explained", Decision: "Decided", ReportedAs: "Reported", WithHeld: "%d held: %s without, %s with it", HeldAlone: "%d held: %s with it; there is no total otherwise", WithTheseHeld: "%s without what is held, %s with it",
	ListHeld: "%d rows of the list: %s%s", TakenOff: " (taken off)", AndOthers: " and others",
	AsSent: "Download as sent", AsMarked: "Download with the findings on its cells", AssumedStage: "Figures without a stage are taken as %s.", Further: "Next page",
	Explain: "Why it is right", ExplainHints: map[string]string{"district": "With it the figure counts at once; it is kept for ever, and the bureau can read it.", "bureau": "The bureau reads it and decides; it is kept for ever."}, ExplainSend: "Explain", WhyDecide: "Reason", ReleaseIt: "Release", RefuseIt: "Refuse",
	HeldStates: map[string]string{"pending": "held", "released": "released", "refused": "refused", "superseded": "superseded"},
	HeldDone:   map[string]string{"explained": "Your explanation is on record; the bureau decides whether the figure counts.", "released": "Released: it counts in the city's totals from now on.", "refused": "Refused: it does not count."},
	Releasers:  map[string]string{"district": "counts once the area has explained it", "bureau": "the bureau decides whether it counts"},
	Owed:       "What is due", OwedLong: "Overdue for more than 60 days", OwedCount: "periods: %d", Deadline: "Due by", Filled: "Figures there", Overdue: "overdue",

	NothingTyped: "No new figure was typed. Go back and fill in a row.", NoCell: "There is no such indicator or period.", NoSuchTotal: "There is no such total of this period yet.", TooManyPages: "Too many pages are open at the same time.",
	Refused: "That did not work", NotFound: "There is no such page: the address is mistyped or out of date. The interface for programs is at /openapi.", Back: "Back to sending figures", Failed: "Something went wrong inside. Try again later; if it stays, tell whoever runs citytally.", BadForm: "The form was incomplete. Go back and try again.",
	NoFile: "No file was chosen, or it is empty. Go back and choose one.", Forgotten: "The file is no longer on the server, perhaps because that was restarted. Go back and choose it again.", MayNotSend: "This token may look but not send figures.",
}
