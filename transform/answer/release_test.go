package answer

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// startStage runs the transform stage until the test ends.
func startStage(t *testing.T, log *stream.Log, c *catalogue.Catalogue) {
	t.Helper()
	stage, err := transform.New(log, c, nil, transform.DefaultConfig(), fixture.Logger(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	fixture.Run(t, stage.Run)
	<-stage.Ready()
}

// Rules: release.
func TestReleaseStaysAsItWas(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startStage(t, log, c)
	period := fixture.Period("2021")
	for _, area := range []string{"901", "902", "903", "906"} {
		fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From(area, fixture.Figure("gdp", "2021", "100"), fixture.Figure("rd", "2021", "2"), fixture.Figure("gdp", "2020", "80"))))
	}
	replay := func(moment ledger.Moment, keep ledger.Keep) *ledger.History {
		t.Helper()
		h, err := ledger.Replay(t.Context(), log, c, moment, keep)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	now := time.Now()
	n := ReleaseRequest{Name: "2021年公报", Period: period, Note: "first"}
	var unreported *UnreportedError
	n.Absent = []string{"enterprises", "gdp"}
	if _, _, err := CreateRelease(t.Context(), log, c, replay(ledger.Moment{}, nil), n, now); !errors.As(err, &unreported) ||
		len(unreported.Unnamed) != 4 || unreported.Unnamed[1].Indicator != "visits" || len(unreported.Unnamed[1].Missing) != 4 || strings.Join(unreported.Reported, " ") != "gdp" {
		t.Errorf("with indicators that nobody has reported: %v", err)
	}
	n.Absent = []string{"visits", "enterprises", "balance", "contribution", "enterprises_per_gdp"}
	made, repeated, err := CreateRelease(t.Context(), log, c, replay(ledger.Moment{}, nil), n, now)
	if err != nil || repeated {
		t.Fatalf("create: %v, repeated %v", err, repeated)
	}
	if _, repeated, err = CreateRelease(t.Context(), log, c, replay(ledger.Moment{}, nil), n, now.Add(time.Hour)); err != nil || !repeated {
		t.Errorf("the same once more: %v, repeated %v", err, repeated)
	}

	// A revision of this year and one of its base.
	fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "150"))))
	fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("902", fixture.Figure("gdp", "2020", "90"))))
	fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("903", fixture.Figure("enterprises", "2021", "5"))))
	n.Force, n.Absent = true, []string{"visits", "balance", "contribution"}
	if _, _, err = CreateRelease(t.Context(), log, c, replay(ledger.Moment{}, nil), n, now); !errors.Is(err, ErrReleased) {
		t.Errorf("other content under the name: %v, want ErrReleased", err)
	}
	kept, err := log.Release(t.Context(), n.Name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(made, kept); diff != "" {
		t.Errorf("made, kept:\n%s", diff)
	}
	then := replay(MomentOf(kept), nil)
	if diff := gocmp.Diff(kept.Totals, tally.OfPeriod(c, then.Ledger, period)); diff != "" {
		t.Errorf("released, tallied from its moment:\n%s", diff)
	}

	differences, err := CompareRelease(c, kept, then, replay(ledger.Moment{}, KeepSince(then)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range differences {
		line := d.Indicator
		for _, cause := range d.Causes {
			line += " " + cause.After.Area + ":" + cause.Cell.Indicator + ":" + cause.Cell.Period.String() + ":" + cause.Before.Value.String() + ">" + cause.After.Value.String()
		}
		got = append(got, line)
	}
	want := []string{
		"gdp 902:gdp:2020:80>90 901:gdp:2021:100>150", "rd_intensity 901:gdp:2021:100>150 902:gdp:2020:80>90",
		"enterprises 903:enterprises:2021:0>5", "enterprises_per_gdp 903:enterprises:2021:0>5",
	}
	for i := range want {
		if i >= len(got) || !sameWords(got[i], want[i]) {
			t.Errorf("differences:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			break
		}
	}
	if differences[2].Released != nil || differences[0].Released.Value != "400" || differences[0].Today.Value != "450" {
		t.Errorf("differences = %+v", differences)
	}
}

func sameWords(got, want string) bool {
	for word := range strings.FieldsSeq(want) {
		if !strings.Contains(got, word) {
			return false
		}
	}
	return strings.Fields(got)[0] == strings.Fields(want)[0]
}

// Rules: release, coverage, unreported.
func TestReleaseIsRefused(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startStage(t, log, c)
	create := func(n ReleaseRequest) error {
		h, err := ledger.Replay(t.Context(), log, c, ledger.Moment{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = CreateRelease(t.Context(), log, c, h, n, time.Now())
		return err
	}
	period, absent := fixture.Period("2021"), []string{"rd", "rd_intensity", "visits", "balance", "contribution"}
	if err := create(ReleaseRequest{Name: "empty", Period: period}); err == nil || !strings.Contains(err.Error(), "nothing to release") {
		t.Errorf("a period without totals: %v", err)
	}
	fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100"), fixture.Figure("enterprises", "2021", "3"))))
	var refused *UnpublishableError
	if err := create(ReleaseRequest{Name: "early", Period: period, Absent: absent}); !errors.As(err, &refused) || refused.Error() != "2 totals are not publishable: gdp, enterprises_per_gdp" {
		t.Errorf("with a partial total: %v", err)
	}
	if err := create(ReleaseRequest{Name: "a b", Period: period, Absent: absent, Force: true}); err == nil || !strings.Contains(err.Error(), "letters, digits") {
		t.Errorf("a name with a space: %v", err)
	}
	if err := create(ReleaseRequest{Name: "early", Period: period, Absent: absent, Force: true}); err != nil {
		t.Errorf("forced: %v", err)
	}
	all, err := log.Releases(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "early" || all[0].Totals[0].Publishable {
		t.Errorf("releases = %+v, %v; want the forced one, its total marked", all, err)
	}
	if _, err := log.Release(t.Context(), "nothing"); !errors.Is(err, stream.ErrNoRelease) {
		t.Errorf("a name that is free: %v", err)
	}
}

// A total that is left out for its digits stops a release, and so does one that was derived as below
// zero, until it is named; naming one that nothing keeps back is wrong.
//
// Rules: overflow, year to date, release.
func TestOverflowStopsRelease(t *testing.T) {
	totals := []event.Total{
		{Indicator: "gdp", Value: "1", Publishable: true}, {Indicator: "rd", Flags: []string{event.Overflow}}, {Indicator: "firms"},
		{Indicator: "visits", Value: "-1", Publishable: true, Flags: []string{event.Derived, event.DerivedNegative}},
	}
	for _, of := range []struct {
		request           ReleaseRequest
		stopped, needless []string
	}{
		{ReleaseRequest{}, []string{"rd", "visits"}, nil},
		{ReleaseRequest{With: []string{"visits"}}, []string{"rd"}, nil},
		{ReleaseRequest{With: []string{"visits", "gdp", "rd"}}, nil, []string{"gdp"}},
		{ReleaseRequest{With: []string{"visits", "rd"}}, nil, nil},
		{ReleaseRequest{Force: true}, nil, nil},
	} {
		var got UnpublishableError
		if err := withheld(totals, &of.request); err != nil {
			got = *err.(*UnpublishableError)
		}
		var stopped []string
		for i := range got.Totals {
			stopped = append(stopped, got.Totals[i].Indicator)
		}
		if !slices.Equal(stopped, of.stopped) || !slices.Equal(got.Needless, of.needless) {
			t.Errorf("%+v: stopped by %v, named without need %v; want %+v", of.request, stopped, got.Needless, of)
		}
	}
}
