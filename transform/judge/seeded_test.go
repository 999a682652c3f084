package judge

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/sample"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// sampleCity judges the submissions of the sample, one after another, and those that are
// made up on top of it.
type sampleCity struct {
	checks   checks
	state    *batchState
	sequence uint64
	unfolded []event.AcceptedSubmission // that are in the batch and not in the ledger
	year     int                        // in whose March everything is sent; 2023 where it is 0
}

// submit judges a submission and adds what is accepted.
func (s *sampleCity) submit(submission event.Submission) judgement {
	s.sequence++
	r := &received{
		area: submission.Area, dataset: submission.Dataset, submission: submission, id: fmt.Sprintf("%032x", s.sequence),
		delivery: stream.Undelivered(stream.Message{Subject: "submissions." + submission.Area + "." + submission.Dataset}, s.sequence, time.Date(cmp.Or(s.year, 2023), 3, 1, 0, 0, 0, 0, time.UTC)),
	}
	submission.Observations = slices.Clone(submission.Observations)
	result := s.checks.apply(r, s.state, nil)
	s.state.add(r, &result)
	s.unfolded = append(s.unfolded, acceptedSubmission(r, result.accepted, result.held))
	return result
}

// fold ends the batch: what it accepted is in the ledger from then on.
func (s *sampleCity) fold(t testing.TB) {
	t.Helper()
	if err := s.state.ledger.Apply(s.sequence, "accepted.x", &event.AcceptedBatch{Submissions: s.unfolded}); err != nil {
		t.Fatal(err)
	}
	s.state, s.unfolded = newBatchState(s.state.ledger), nil
}

// newSampleCity returns the city of the sample's two years and the months of one.
func newSampleCity(t testing.TB, j checks, told func(file string, result judgement)) *sampleCity {
	t.Helper()
	city := &sampleCity{checks: j, state: newBatchState(ledger.New(j.catalogue))}
	for _, file := range sample.Files() {
		records, err := csv.NewReader(bytes.NewReader(file.CSV)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		s := event.Submission{Area: file.Area, Dataset: file.Dataset}
		for _, r := range records[1:] {
			s.Observations = append(s.Observations, event.Observation{
				Indicator: r[0], Period: r[1], Value: event.Text(r[2]), Unit: r[3], Stage: r[4], Status: r[5], Qualifier: r[6], Note: r[7],
			})
		}
		told(file.Name, city.submit(s))
	}
	return city
}

// rowsOf makes a submission of one area: rows such as "gdp 2022 860 flash", and what else a row
// says behind it, such as "base=813".
func rowsOf(area, dataset string, rows ...string) event.Submission {
	s := event.Submission{Area: area, Dataset: dataset}
	for _, row := range rows {
		words := strings.Fields(row)
		o := event.Observation{Indicator: words[0], Period: words[1], Value: event.Text(words[2]), Stage: "flash"}
		for _, word := range words[3:] {
			switch key, text, _ := strings.Cut(word, "="); key {
			case "base":
				o.Base = text
			case "change":
				o.Change = text
			case "note":
				o.Note = strings.NewReplacer("/", "\n").Replace(text)
			case "D":
				o.Value, o.Action, o.Stage = "", "D", ""
			default:
				o.Stage = word
			}
		}
		s.Observations = append(s.Observations, o)
	}
	return s
}

// seeds are bad submissions that one rule alone catches, each after others that are clean.
func seeds() map[string][]event.Submission {
	const annual, monthly, quarterly = "sti-annual", "sti-monthly", "sti-quarterly"
	of := rowsOf
	quarters := func(values ...int) (rows []string) {
		for n, v := range values {
			rows = append(rows, fmt.Sprintf("tech_contract_value %d-Q%d %d.5", 2017+n/4, n%4+1, v))
		}
		return rows
	}
	// The areas of 2021 but for 淮阴区 and the zone, as the sample has them.
	gdp, districts := map[string]string{}, decimal.Decimal{}
	for _, file := range sample.Files() {
		for line := range strings.Lines(string(file.CSV)) {
			if f := strings.Split(line, ","); f[0] == "gdp" && f[1] == "2021" {
				if gdp[file.Area] = f[2]; file.Area != "320871" {
					districts = districts.Add(decimal.RequireFromString(f[2]))
				}
			}
		}
	}
	others := func(year, skip string) (all []event.Submission) {
		for _, area := range []string{"320803", "320804", "320812", "320813", "320826", "320830", "320831"} {
			if area != skip {
				all = append(all, of(area, annual, "gdp "+year+" "+gdp[area]+"1"))
			}
		}
		return all
	}
	last := of("320804", annual, "gdp 2022 "+gdp["320804"]+"2")
	withdrawn := of("320812", monthly)
	for _, id := range []string{"tech_contract_value", "hightech_projects_attracted", "iur_projects_signed", "tech_loan_credit"} {
		for _, month := range []string{"11", "12"} {
			withdrawn.Observations = append(withdrawn.Observations, event.Observation{Indicator: id, Period: "2021-YTD" + month, Action: "D"})
		}
	}
	return map[string][]event.Submission{
		"whole_number":          {of("320812", annual, "ipo_new 2022 1.5")},
		"share_of_whole":        {of("320800", annual, "sti_contribution_rate 2022 100.1")},
		"share_as_fraction":     {of("320800", annual, "sti_contribution_rate 2022 0.59")},
		"unit_slip":             {of("320812", annual, "gdp 2022 8534100")},
		"ytd_falling":           {of("320812", monthly, "tech_loan_credit 2022-YTD05 2.4"), of("320812", monthly, "tech_loan_credit 2022-YTD06 2.3")},
		"ytd_above_next":        {of("320812", monthly, "tech_loan_credit 2022-YTD06 2.3"), of("320812", monthly, "tech_loan_credit 2022-YTD05 2.4")},
		"part_above_whole":      {of("320812", annual, "challenges_published 2022 5", "challenge_enterprises 2022 6")},
		"whole_below_part":      {of("320812", annual, "challenges_published 2022 5", "challenge_enterprises 2022 4"), of("320812", annual, "challenges_published 2022 3")},
		"negative_count":        {of("320812", annual, "ipo_new 2022 -1")},
		"large_change":          {of("320812", annual, "tech_contract_value 2022 27")},
		"large_change_of_count": {of("320812", annual, "tech_sme_registered 2022 900")},
		"large_revision":        {of("320812", annual, "tech_contract_value 2022 13.1 final"), of("320812", annual, "tech_contract_value 2022 5.1 final")},
		"far_off":               {of("320812", annual, "gdp 2022 853410000")},
		"outlier":               {of("320812", quarterly, quarters(101, 103, 106, 108, 111, 114, 117, 119)...), of("320812", quarterly, "tech_contract_value 2019-Q1 190")},
		"unchanged":             {of("320812", annual, "gdp 2022 "+gdp["320812"])},
		"unchanged_on_year":     {of("320812", quarterly, "tech_contract_value 2022-Q1 2.5"), of("320812", quarterly, "tech_contract_value 2023-Q1 2.5")},
		"copied_period":         {of("320812", monthly, "iur_projects_signed 2022-YTD05 40", "hightech_projects_attracted 2022-YTD05 30", "tech_loan_credit 2022-YTD05 2.4"), of("320812", monthly, "iur_projects_signed 2022-YTD06 40", "hightech_projects_attracted 2022-YTD06 30", "tech_loan_credit 2022-YTD06 2.4")},
		"copied_year":           {of("320812", monthly, "iur_projects_signed 2022-YTD02 40", "hightech_projects_attracted 2022-YTD02 30", "tech_loan_credit 2022-YTD02 24"), of("320812", monthly, "iur_projects_signed 2023-YTD02 40", "hightech_projects_attracted 2023-YTD02 30", "tech_loan_credit 2023-YTD02 24")},
		"distant_period":        {of("320826", annual, "gdp 2012 505.2")},
		"zero_after_nonzero":    {of("320812", annual, "tech_sme_registered 2022 0")},
		"nonzero_after_zero":    {of("320812", quarterly, "tech_contract_value 2019-Q1 25", "tech_contract_value 2019-Q2 0"), of("320812", quarterly, "tech_contract_value 2019-Q3 24")},
		"final_against_flash":   {of("320812", annual, "gdp 2022 860"), of("320812", annual, "gdp 2022 910 final")},
		"spans_disagree":        {of("320812", monthly, "tech_contract_value 2022-YTD03 25"), of("320812", quarterly, "tech_contract_value 2022-Q1 26")},
		"span_above_longer":     {of("320812", monthly, "tech_contract_value 2022-YTD04 25"), of("320812", monthly, "tech_contract_value 2022-04 26")},
		"span_below_shorter":    {of("320812", monthly, "tech_contract_value 2022-04 26"), of("320812", monthly, "tech_contract_value 2022-YTD04 25")},
		"rows_in_note":          {of("320812", annual, "gdp 2022 860 note=x/rd_expenditure,2022,11.9")},
		"zone_above_host":       {of("320804", annual, "ipo_new 2022 3"), of("huaian-hitech-zone", annual, "ipo_new 2022 4")},
		"host_below_zone":       {of("huaian-hitech-zone", annual, "ipo_new 2022 4"), of("320804", annual, "ipo_new 2022 3")},
		"stock_above_flows":     {of("320812", annual, "hnte_new 2022 10", "hnte_valid 2022 98")},
		"stock_unbalanced":      {of("320812", annual, "stations_new 2022 9", "stations_ended 2022 4", "rd_stations_and_centres 2022 205")},
		"stated_base":           {of("320812", annual, "gdp 2022 860 base=812")},
		"stated_change":         {of("320812", annual, "rd_expenditure 2022 12.9 change=7.5")},
		"stated_ratio":          {of("320812", annual, "gdp 2022 860", "rd_expenditure 2022 12.9", "rd_intensity 2022 1.8")},
		"tenfold":               {of("320812", annual, "rd_expenditure 2022 129.1")},
		"revision_far_off":      {of("huaian-hitech-zone", annual, "industrial_output 2022 8230000"), of("huaian-hitech-zone", annual, "industrial_output 2022 823")},
		"cumulative_for_single": {of("320812", quarterly, "gdp 2022-S1 410"), of("320812", quarterly, "gdp 2022-Q3 630.5")},
		"mass_withdrawal":       {withdrawn},
		"share_of_city":         append(others("2022", "320804"), of("320804", annual, "gdp 2022 850")),
		"zone_missing":          append(others("2022", "320804"), of("320800", annual, "gdp 2022 "+districts.Add(decimal.RequireFromString("0.008")).String()), last),
		"control_total":         append(others("2022", "320804"), of("320871", annual, "gdp 2022 "+gdp["320871"]+"1"), of("320800", annual, "gdp 2022 6000"), last),
	}
}

// seedCatalogue returns the catalogue that ships, with what rules find that it has no case of:
// a count and a share without bounds, and a stock whose exits are measured.
func seedCatalogue(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	text := shippedCatalogue(t).Text()
	within := func(id, old, now string) {
		at := strings.Index(text, "- id: "+id+"\n")
		text = text[:at] + strings.Replace(text[at:], old, now, 1)
	}
	within("sti_contribution_rate", "    minimum: 0\n    maximum: 100\n", "")
	within("ipo_new", "    minimum: 0\n", "")
	within("rd_stations_and_centres", "    minimum: 0\n", "    grows_by: [stations_new]\n    shrinks_by: [stations_ended]\n")
	for _, id := range []string{"stations_new", "stations_ended"} {
		text += "  - {id: " + id + ", name_zh: " + id + ", programme: enterprise, unit: 个, datasets: [sti-annual]}\n"
	}
	c, err := catalogue.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each rule that ships has a bad submission that it alone catches: without the rule, nothing
// is said about it.
func TestEachRuleCatchesASeed(t *testing.T) {
	c := seedCatalogue(t)
	set := shippedRules(t, c)
	all := seeds()
	for _, rule := range set.All() {
		t.Run(rule.ID, func(t *testing.T) {
			seed, ok := all[rule.ID]
			if !ok {
				t.Fatal("want a submission that this rule alone catches")
			}
			city := newSampleCity(t, checks{catalogue: c}, func(string, judgement) {})
			city.checks.rules = set
			for _, s := range seed[:len(seed)-1] {
				if result := city.submit(s); len(result.findings) > 0 {
					t.Fatalf("a clean submission of %s: %+v", s.Area, result.findings)
				}
			}
			bad := seed[len(seed)-1]
			var found []string
			for _, f := range city.submit(bad).findings {
				if f.Rule != "" && !slices.Contains(found, f.Rule) {
					found = append(found, f.Rule)
				}
			}
			if diff := gocmp.Diff([]string{rule.ID}, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// No part of what the catalogue says is one goes above its whole, in whatever order and period they come:
// each relation, in every kind of period that both are reported in.
func TestEveryPartIsHeldAgainstItsWhole(t *testing.T) {
	c := shippedCatalogue(t)
	set, relations := shippedRules(t, c), 0
	index := map[catalogue.PeriodKind]uint8{catalogue.Half: 1, catalogue.Quarter: 2, catalogue.Month: 5, catalogue.YearToDate: 6}
	for i := range c.Indicators {
		part := &c.Indicators[i]
		for _, id := range part.AtMost {
			whole, _ := c.Indicator(id)
			area := "320812"
			if part.Total == catalogue.CityRule {
				area = c.City
			}
			for d := range c.Datasets {
				dataset := c.Datasets[d].ID
				if !slices.Contains(part.Datasets, dataset) || !slices.Contains(whole.Datasets, dataset) {
					continue
				}
				for _, kind := range c.Datasets[d].Periods {
					relations++
					period := catalogue.Period{Year: 2022, Kind: kind, Index: index[kind]}.String()
					t.Run(part.ID+" "+whole.ID+" "+dataset+" "+period, func(t *testing.T) {
						row := func(id, value string) string { return id + " " + period + " " + value }
						for _, order := range []struct {
							before, rows []string
							code         string
						}{
							{nil, []string{row(part.ID, "41"), row(whole.ID, "40")}, "PART_ABOVE_WHOLE"},
							{nil, []string{row(whole.ID, "40"), row(part.ID, "41")}, "PART_ABOVE_WHOLE"},
							{[]string{row(whole.ID, "40")}, []string{row(part.ID, "41")}, "PART_ABOVE_WHOLE"},
							{[]string{row(part.ID, "40")}, []string{row(whole.ID, "39")}, "WHOLE_BELOW_PART"},
							{[]string{row(part.ID, "38")}, []string{row(whole.ID, "40"), row(part.ID, "41")}, "PART_ABOVE_WHOLE"},
							{nil, []string{row(part.ID, "40"), row(whole.ID, "40")}, ""},
						} {
							city := &sampleCity{checks: checks{catalogue: c, rules: set}, state: newBatchState(ledger.New(c))}
							if len(order.before) > 0 {
								if result := city.submit(rowsOf(area, dataset, order.before...)); len(result.accepted) != 1 {
									t.Fatalf("%v: %+v", order.before, result.findings)
								}
							}
							result := city.submit(rowsOf(area, dataset, order.rows...))
							found := slices.ContainsFunc(result.findings, func(f event.Finding) bool { return f.Code == order.code && f.Severity == event.Reject })
							if refused := len(order.rows) - len(result.accepted); refused != one(order.code != "") || order.code != "" && !found {
								t.Errorf("%v after %v: %d refused, want %q: %+v", order.rows, order.before, refused, order.code, result.findings)
							}
						}
					})
				}
			}
		}
	}
	if relations == 0 {
		t.Error("the catalogue has no relation at_most in one dataset")
	}
}
