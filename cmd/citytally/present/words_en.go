package present

import (
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/catalogue/diff"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/answer/assess"
	"github.com/citytally/citytally/transform/answer/effect"
	"github.com/citytally/citytally/transform/answer/published"
	"github.com/citytally/citytally/transform/tally"
)

var englishWords = Words{
	Comma: ", ", Colon: ": ", Clause: "; ", List: ", ", Entry: "; ",
	Area: "area", Indicator: "indicator", City: "city", Stage: "stage", Period: "period", Note: "note", AllFigures: "All figures",
	Stages:     map[string]string{"forecast": "forecast", "estimate": "estimate", "flash": "flash", "final": "final"},
	Qualifiers: map[string]string{"below": "nearly %s", "above": "over %s", "about": "about %s"},
	Percent:    "%s %%", Points: "%s points", PointsInText: "%s points", Rise: "up %s", Fall: "down %s",
	YearBefore: BaseWords{On: "on the year", Name: "the year before"}, PartBefore: BaseWords{On: "year on year", Name: "the same period of the year before"},
	NoChange: map[string]string{
		tally.BaseMissing: "no figure for %[1]s", tally.BaseZero: "zero in %[1]s", tally.BaseNegative: "negative in %[1]s",
		tally.Break: "territory changed", tally.ValueMissing: "no figure", tally.MissingMember: "areas missing", tally.Definition: "definition changed",
		tally.NewArea:    "new area",
		tally.SignChange: "sign changed", tally.Overflow: "too many digits",
	},
	Flags: map[string]string{
		event.Derived: "derived from other periods", event.DerivedNegative: "a derived figure is below zero",
		event.Overflow:     "a figure has more digits than can be stored and is left out",
		event.PartlyListed: "some areas listed entities and others reported a number, in which none can be recognised again",
	},
	Carried: "carried at an earlier stage: %s", TurnedPositive: "from minus to plus", TurnedNegative: "from plus to minus",
	Coverage: "%d of %d areas", Missing: "without %s", MissingInText: "without %s",
	NotForPublication: "not for publication", NoValue: "no value",

	Report: ReportWords{
		Title: "City totals, %s", Areas: "areas", NoTotals: "no city totals for %s yet",
		Unreported: "Indicators without any figure (%d)", NobodyOf: "nothing from %s",
	},
	Sentence: SentenceWords{
		Total: "%s: %s%s%s.", NoTotal: "%s: no city total yet%s.",
		Levels:          map[string]string{"forecast": "forecast at %s", "estimate": "expected to reach %s", "flash": "%s by flash figures", "final": "%s"},
		QualifiedLevels: map[string]string{"forecast": "forecast at %s", "estimate": "expected to be %s", "flash": "%s by flash figures", "final": "%s"},
		Expected:        map[string]string{"forecast": "", "estimate": ""},
		Unchanged:       "unchanged on %[1]s", AlmostUnchanged: "almost unchanged on %[1]s",
		PointsUp: "up %[2]s percentage points %[1]s", PointsDown: "down %[2]s percentage points %[1]s", PercentUp: "up %[2]s %% %[1]s", PercentDown: "down %[2]s %% %[1]s",
		AmountUp: "up by %[2]s %[1]s", AmountDown: "down by %[2]s %[1]s",
		NoRate: map[string]string{
			tally.BaseZero: " (zero in %[1]s, so no rate)", tally.BaseNegative: " (negative in %[1]s, so no rate)",
			tally.BaseMissing: " (no figure for %[1]s)",
			tally.Break:       " (not comparable with %[1]s: the territory changed%[2]s)", tally.MissingMember: " (areas are missing%[2]s, so no rate)",
			tally.NewArea:    " (an area is new%[2]s; not comparable with %[1]s)",
			tally.Definition: " (the definition changed; not comparable with %[1]s)",
			tally.SignChange: " (%[2]s, so no rate)", tally.Overflow: " (more digits than can be stored, so no rate)",
		},
		Gaps: " (%s)",
	},
	PeriodName: PeriodWords{
		Year: "%d", Half: "%[2]s half of %[1]d", Quarter: "%[2]s quarter of %[1]d", Month: "%[2]s %[1]d", YearToDate: "January to %[2]s %[1]d",
		Halves: []string{"first", "second"}, Quarters: []string{"first", "second", "third", "fourth"},
		Months: []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	},
	Page: PageWords{
		Tag: "en", Title: "City totals of %s, %s",
		Area: "area", Contents: "Contents", Coverage: "Coverage", Indicators: "Indicators",
		Reporting: "Reporting by area", ReportingHow: "How many of the totals that add up areas have the area's figure.", ReportedTotals: "totals",
		Value: "value", Share: "of the city", ByArea: "By area", OwnRatios: "Each area's own ratio (the line is the city's)", NoneIn: "None in %s",
		Partial: "lacks areas", Broken: "not comparable with the column before", NotReported: "not reported",
		Trend: "Over the years", Notes: "Notes", CityReports: "reported by the city",
		Method:  "City totals add up the areas' figures; ratios divide one such sum by another. They are computed from unrounded figures and rounded for display only. A zone inside an area is contained in its figure and not added again. Hollow columns are estimates or flash figures, not final ones; those with a dashed frame lack areas. Columns on either side of a dashed line are not comparable.",
		Release: "Release: %s %s", AsOf: "As received by %s", Count: "%d indicators", Incomplete: ", %d of them not for publication",
		Basis: "Basis: log up to %d, catalogue %s", WrittenAt: "Made %s",
	},
	Explain: ExplainWords{
		Unrounded: " (unrounded %s)", Basis: "basis: ACCEPTED up to %d, catalogue %s", AsOf: "counting what had been received by %s",
		SumRule: "rule: %s of the areas added up; carved-out zones are added, zones inside an area (\"of which\") are not", RatioRule: "rule: %s ÷ %s%s, each added up over the same areas and then divided",
		DistinctRule: "rule: %s are counted from the areas' lists, each entity once in the city (%s); an area without a list counts with the number that it reported",
		ClaimRules:   map[string]string{"first_reported": "one that several areas list counts for the first", "registered_address": "one that several areas list counts for that of its registered address"},
		OnList:       "%d on the list, %d valid at the period's end, %d count for the area", Claimed: "%s (%s) is on the lists of %s and counts for %s", MoreClaimed: "%d more are on several lists",
		CityRule: "rule: %s is reported by the city itself and not added up",
		Policies: map[string]string{"complete": "to be published only when all areas are in", "partial": "may be published with some areas, saying so", "carry": "areas behind the latest stage are carried at their previous stage's figure, marked imputed"},
		Coverage: "coverage: %d of %d areas; %s", Publishable: "publishable", NotPublishable: "not publishable",
		Change: "change %s: %s (%s: %s, by %s)", NoChange: "change %s: none (%s, code %s)", BaseOf: "%s, the base of the change",
		Numerator: "numerator: %s = %s", Denominator: "denominator: %s = %s", Total: "%s = %s",
		NobodyReported: "nobody has reported anything", Missing: "missing: %s", NoneMissing: "all areas have reported",
		Subtracted: "minus ", OfPeriod: "of %s", Row: "row %d", Via: "via %s", By: "by %s",
		Received: "received %s", Note: "note: %s", Raw: "as written: %s", Reason: "reason: %s", Superseded: "before it: %s",
		Contradiction: "contradiction: %s, %s: %s, but %s",
		Meaning:       "meaning: %s", Population: "population: %s", Source: "source: %s", Redefined: "redefined from %s on", Validity: "valid: %s",
		Recast: "territory: that of %s belonged to %s a year earlier", UnknownBefore: "not known", Refused: "%s has sent %s, which was refused", Held: "%s has sent %s, which is held",
		Excluded: map[string]string{
			answer.InsideZone: "not added: a zone inside %s, whose figure contains it", answer.CityFigure: "not added: the city's own figure is no part of the sum of its areas",
			answer.DistrictFigure: "not used: the city itself reports this indicator", answer.AreaNotValid: "not added: the area does not exist at the end of the period", answer.AreaUnknown: "not added: the catalogue in use has no such area",
			answer.Withdrawn: "not added: the area has withdrawn what it reported", answer.SaidMissing: "not added: the area says that it has no value (status O)", answer.OtherReading: "not used: another figure for the same instant has a higher stage, or is later",
			answer.OtherUnit:     "not added: the unit in which it was reported does not convert into the indicator's",
			answer.NoCounterpart: "not added: the area lacks the other sum of the ratio",
		},
	},
	Release: ReleaseWords{
		Created: "released %s: %d city totals of %s, from ACCEPTED up to %d", Repeated: "%s was released on %s with the same content; nothing changed",
		Unjudged: "note: %d submissions have not been judged yet and are not in the release",
		Withheld: "%d totals are not publishable; get the missing areas' figures, or release them marked as they are with --force:", WithheldTotal: "  %s  %d of %d",
		Name: "name", Totals: "totals", ReleasedAt: "released",
		Same: "%s, released on %s, is what today's totals are", Different: "%s, released on %s, differs from today in %d of %d totals",
		OtherCatalogue: "the catalogue has changed: %s then, %s today", ByCatalogue: "no figure changed: the catalogue did",
		Unreported: "%d indicators have not been reported by anybody:", NameAbsent: "get them reported or, where there are no figures, name them: --absent %s", NotAbsent: "not absent, so leave out of --absent: %s", WasAbsent: "named as absent",
	},
	Published: PublishedWords{
		Summary: "%s: %[3]d figures held against %[2]s: %[4]d agree, %[5]d explained, %[6]d unexplained", Basis: "as of accepted message %d, catalogue %s",
		Published: "published", Interval: "stands for", Total: "city", Verdict: "verdict",
		Change: "%s, change", Implied: "%s, implied", Irreproducible: "Published figures that cannot be had from the others:", Consequences: "What the published figures imply:",
		Agreements: map[published.Agreement]string{published.Agrees: "agrees", published.Truncated: "agrees if cut off, not rounded", published.Differs: "differs", published.Absent: "no total"},
		Explained:  "%s; explained below", OtherStage: " (%s when published, %s now)",
	},
	Assess: AssessWords{
		Title: "%s, %s", Latest: "by the latest figures", AsOf: "by what had been received by %s", Release: "by what release %s was made of", Basis: " (accepted message %d, catalogue %s)",
		Rank: "rank", Score: "score of %s", Number: "no.", Weight: "full marks", Direction: "direction", Cap: "cap", Target: "target",
		Unranked: "Without a rank, for figures are missing:", Missing: "%s: %s",
		Directions: map[assess.Direction]string{assess.Higher: "more is better", assess.Lower: "less is better"},
		NoScore:    map[string]string{assess.ValueMissing: "no figure", assess.DenominatorZero: "denominator is zero", assess.TargetMissing: "no target"},
	},
	Rules: RulesWords{
		List:       table.Row{"rule", "severity", "scope", "thresholds", "is at fault"},
		Severities: map[event.Severity]string{event.Reject: "reject", event.Hold: "hold", event.Inform: "inform"},
		None:       "there are no rules", Good: "rules are good: %d; version %s", Tested: "%d examples, of which %d came out otherwise than they should",
		Missed: "%s, example %d, %s: want a fault, found none", Alarm: "%s, example %d, %s: want no fault, found: %s", Unreadable: "%s, example %d, %s: %v",
		Severity: "what a fault does", Scope: "concerns", Relation: "compares with", Thresholds: "limits", Expression: "a figure is at fault where",
		MessageZH: "says in Chinese", MessageEN: "says in English", Passing: "without the fault", Failing: "with the fault",
	},
	Catalogue: CatalogueWords{
		Areas: table.Row{"code", "area", "kind", "exists", "predecessors"}, Datasets: table.Row{"dataset", "name", "periods", "stage", "due"},
		Indicators:  table.Row{"indicator", "name", "unit", "kind", "city total", "change", "frequency", "datasets"},
		Differences: table.Row{"section", "id", "difference", "from", "to", "effect"},
		Kinds:       map[catalogue.AreaKind]string{catalogue.City: "city", catalogue.District: "district", catalogue.CarvedOut: "zone, carved out", catalogue.InsideZone: "zone, of which"},
		InsideOf:    ", in %s", From: "from %s", Until: "until %s", DueDays: "%d days after", Same: "the catalogues do not differ", AllTotals: "all sums",
		Sections: map[string]string{"city": "city", "programmes": "programme", "areas": "area", "datasets": "dataset", "indicators": "indicator"},
		Actions:  map[string]string{"added": "added", "removed": "removed", "changed": "changed", "moved": "moved"},
		Effects: map[diff.Effect]string{
			diff.ShownOnly: "shown otherwise, no figure changes", diff.AcceptedOnly: "other figures are accepted, no total changes",
			diff.PublishableOnly: "may be published or not", diff.ChangesOnly: "changes on the year before", diff.TotalsChange: "totals change",
		},
		TotalsChange: "totals: %d change, %d are withdrawn, %d come anew; %d of them in locked periods\n", MoreTotals: "… and %d more; --format json lists all\n",
		DryRun:         "nothing was changed: catalogue %s would be in force from now on; give --reason to put it in force\n",
		Applied:        "catalogue %s is in force from message %d of ACCEPTED on; the totals follow\n",
		AlreadyInForce: "catalogue %s is in force already\n",
		Totals:         table.Row{"period", "indicator", "total", "from", "to", "locked"},
		BecameOf:       map[effect.Kind]string{effect.Changed: "changes", effect.Withdrawn: "is withdrawn", effect.New: "comes anew"},
		Locked:         "locked", Unconverted: "%s of %s in %s: %s %s does not convert into %s\n",
		Editions: table.Row{"version", "in force from message", "since", "by", "reason"},
	},
	Receipt: ReceiptWords{
		Statuses: map[string]string{"accepted": "accepted", "partial": "partly accepted", "rejected": "rejected", "received": "received, not judged yet"},
		Repeated: " (same content as before: the same submission; --again sends it as a new version)", Rows: "%d rows", AcceptedRows: "%d of %d rows", Omitted: "  … and %d more\n",
		Row: "row", Cell: "cell", Column: "column", Seen: "seen", Message: "what to do",
		Effects: map[event.Effect]string{
			event.New: "new", event.Changed: "changed", event.Unchanged: "unchanged", event.WithdrewIt: "withdrawn",
			event.Superseded: "superseded", event.Refused: "refused", event.Silent: "without a statement",
		},
		EffectCount: "%[2]d %[1]s", AssumedStage: "without a stage: taken as %s",
		Effect: "effect", Figure: "figure", From: "before", To: "reported", Submission: "before by submission",
		NoFigure: "stated as missing,", OmittedChanges: "and %d more",
		Unavailable: "%s: no receipt from the gateway at %s within %s: %s\nSend the same again later, which repeats nothing; --wait tries for longer. Whoever runs it finds the reason with: citytally status",
		Silent:      "it does not answer",
	},
	DryRun: DryRunWords{
		Nothing: "Dry run: nothing was stored; as of message %d of ACCEPTED", Totals: "City totals that would move:", NoTotals: "no city total would move",
		Without: "none", Omitted: "  … and %d more totals", Total: "city total and period", From: "now", To: "then",
	},
	Token: TokenWords{
		ID: "ID", Name: "Name", Role: "Role", State: "State", Expires: "Expires", Created: "Created", Revoked: "Revoked", Never: "never", InFile: "in the tokens file",
		Roles:  map[string]string{"district": "district", "bureau": "bureau", "analyst": "analyst"},
		States: map[string]string{"in force": "in force", "expired": "expired", "revoked": "revoked"},
		By:     "%s by %s", ByFor: "%s by %s: %s",
		Issued: "Token %s of %s (%s, area %s), expires: %s. It is shown this once:",
		Ended:  "Token %s of %s is revoked at every gateway",
	},
	Journal: JournalWords{
		At: "At", Act: "Act", Of: "Of", By: "By", Role: "Role", Way: "Way", Reason: "Reason", Unknown: "not recorded",
		Acts: map[string]string{"lock": "lock", "unlock": "unlock", "reopen": "reopen", "adopt": "put a catalogue in force", "release": "release", "recompute": "recompute", "run": "run a schedule", "pause": "pause a schedule", "resume": "resume a schedule",
			"skip": "skip a message", "token": "issue a token", "key": "make a key", "revoke": "revoke a token or key"},
		Roles: map[string]string{"operator": "operator", "bureau": "bureau", "district": "district", "analyst": "analyst"},
		Ways:  map[string]string{"local": "local", "token": "token"},
	},
	Schedules: ScheduleWords{
		Name: "schedule", Job: "job", Cron: "cron", Next: "next", Last: "last finished", Result: "result", Never: "never", Well: "well",
		Paused: "paused by %s: %s", Jobs: map[string]string{"recompute": "recompute", "check": "check"},
	},
	Calendar: CalendarWords{
		Dataset: "dataset", Deadline: "deadline", Grace: "grace until", Lock: "locked at", Final: "final at",
		State: "state", Received: "received", Refused: "refused", Late: "late by", Lacks: "indicators missing",
		States:  map[string]string{"in_time": "complete in time", "late": "complete, late", "open": "not due yet", "grace": "within the grace", "overdue": "overdue"},
		Nothing: "nothing is owed; the setting calendar names a calendar file", Provisional: "no holidays of %s are known: times count weekends alone and may still move",
		Days: "%d days", Hours: "%d hours",
		Feed: "reporting calendar", FeedOf: "reporting calendar of %s", Due: "%s: %s for %s is due", GraceUntil: "late reports are tolerated until %s",
		DueCount: "due", InTime: "in time", LateCount: "late", Incomplete: "incomplete", Timeliness: "timeliness %", Completeness: "completeness %", RefusedShare: "refused %", Revisions: "revisions",
	},
	Demo: DemoWords{
		Running:   "✓  NATS JetStream, ClickHouse and all stages run (%.1f s)\n",
		Submitted: "✓  %d files with %d figures, pushed over HTTP; city totals are in ClickHouse (%.1f s)\n\n",
		Synthetic: "\nDistrict figures are synthetic; city figures are those published for 2021.\n\n",
		Keep:      "Run it again with --keep to connect. The data stay in %s.\n", Until: "It runs until Ctrl-C:\n",
		Gateway: "  gateway     %s   tokens in %s\n", ClickHouse: "  ClickHouse  %s   native protocol on %s\n", NATS: "  NATS        %s   users in citytally status --secrets --dir %s\n", Try: "Try:\n",
	},
}
