package event_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

func exampleAccepted(t testing.TB) *event.AcceptedBatch {
	t.Helper()
	s := event.AcceptedSubmission{
		ID: "00112233445566778899aabbccddeeff", Area: "320812", Dataset: "sti-annual", Sequence: 300,
		ReceivedAt: time.Date(2022, 1, 31, 8, 0, 0, 0, time.UTC).UnixMilli(), Via: "http", By: "清江浦区", File: "年报.csv", Reason: "corrected",
	}
	year := func(text string) catalogue.Period {
		p, err := catalogue.ParsePeriod(text)
		check(t, err)
		return p
	}
	for i, o := range []event.AcceptedObservation{
		{Indicator: "hnte_valid", Unit: "家", Period: year("2021"), Value: catalogue.Value{Coefficient: 120}, Stage: catalogue.Estimate, Status: catalogue.Normal},
		{Indicator: "rd_spending", Unit: "亿元", Period: year("2021"), Value: catalogue.Value{Coefficient: -12345, Scale: 4}, Stage: catalogue.Final, Status: catalogue.Normal, Raw: "近 -12,345 万元", Note: "修订"},
		{Indicator: "hnte_valid", Unit: "家", Period: year("2020-YTD06"), Stage: catalogue.Flash, Status: catalogue.Missing, Raw: "", Note: "n"},
	} {
		o.Row = i + 2
		s.Add(o)
	}
	return &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}}
}

func TestAcceptedRoundTrip(t *testing.T) {
	want := exampleAccepted(t)
	body, err := event.EncodeAccepted(want)
	check(t, err)
	got, err := event.DecodeAccepted(body)
	check(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	s := &got.Submissions[0]
	periods, err := s.Periods()
	check(t, err)
	if s.Len() != 3 || periods[s.Period[2]].String() != "2020-YTD06" || s.IndicatorWords[s.Indicator[2]] != "hnte_valid" || s.Units[s.Indicator[1]] != "亿元" ||
		s.Value(1).String() != "-1.2345" || !s.Received().Equal(time.Date(2022, 1, 31, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v", s)
	}
}

func TestAcceptedEncodesTheSameEachTime(t *testing.T) {
	var first []byte
	for range 20 {
		b := exampleAccepted(t)
		for i := range 50 {
			b.Submissions[0].Add(event.AcceptedObservation{Indicator: "x", Unit: "家", Raw: fmt.Sprint(i), Note: fmt.Sprint(-i)})
		}
		body, err := event.EncodeAccepted(b)
		check(t, err)
		if first == nil {
			first = body
		}
		if string(body) != string(first) {
			t.Fatal("the same batch has other bytes")
		}
	}
}

func TestAcceptedOfTheLargestUpload(t *testing.T) {
	s := event.AcceptedSubmission{ID: "x"}
	p, err := catalogue.ParsePeriod("2021")
	check(t, err)
	const rows = 200_000
	for i := range rows {
		s.Add(event.AcceptedObservation{Indicator: "a", Unit: "家", Period: p, Row: i, Raw: "1", Note: "n"})
	}
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}})
	check(t, err)
	got, err := event.DecodeAccepted(body)
	check(t, err)
	if n := got.Submissions[0].Len(); n != rows {
		t.Errorf("want %d rows, got %d", rows, n)
	}
}

func TestDecodeAcceptedRefusesDamage(t *testing.T) {
	encode := func(damage func(*event.AcceptedSubmission)) []byte {
		b := exampleAccepted(t)
		damage(&b.Submissions[0])
		body, err := event.EncodeAccepted(b)
		check(t, err)
		return body
	}
	good := encode(func(*event.AcceptedSubmission) {})
	for name, body := range map[string][]byte{
		"empty":         {},
		"other version": append([]byte{32}, good[1:]...),
		"cut off":       good[:len(good)-1],
		"more after it": append(good[:len(good):len(good)], 0),
		"short column":  encode(func(s *event.AcceptedSubmission) { s.Stage = s.Stage[:2] }),
		"no such word":  encode(func(s *event.AcceptedSubmission) { s.Indicator[1] = 2 }),
		"no such time":  encode(func(s *event.AcceptedSubmission) { s.Period[1] = 2 }),
		"unit missing":  encode(func(s *event.AcceptedSubmission) { s.Units = s.Units[:1] }),
		"vast scale":    encode(func(s *event.AcceptedSubmission) { s.Scale[0] = 256 }),
	} {
		if _, err := event.DecodeAccepted(body); !event.IsPermanent(err) {
			t.Errorf("%s: want a permanent error, got %v", name, err)
		}
	}
}

// During an upgrade an old program may read what a new one has written. The error tells
// such a message from a damaged one.
func TestNewerLayoutIsNoDamage(t *testing.T) {
	body, err := event.EncodeAccepted(exampleAccepted(t))
	check(t, err)
	body[0] += 7 // layouts 4 to 9 are for catalogues, lists, held figures and entities, rules and what the bureau sends
	if _, err := event.DecodeAccepted(body); err == nil || event.IsPermanent(err) || !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("want an error that passes with an upgrade, got %v", err)
	}
}

func FuzzDecodeAccepted(f *testing.F) {
	body, err := event.EncodeAccepted(exampleAccepted(f))
	check(f, err)
	f.Add(body)
	const highest = 31 // that a later program may write
	_, err = event.DecodeAccepted([]byte{highest})
	later, ok := errors.AsType[*event.NewerLayout](err)
	if !ok {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		batch, err := event.DecodeAccepted(body)
		if err != nil {
			if newer := len(body) > 0 && body[0] > later.Newest && body[0] <= highest; event.IsPermanent(err) == newer {
				t.Fatalf("want a permanent error unless the layout is newer, got %v", err)
			}
			return
		}
		for i := range batch.Submissions {
			s := &batch.Submissions[i]
			for row := range s.Len() {
				_, _, _ = s.IndicatorWords[s.Indicator[row]], s.PeriodWords[s.Period[row]], s.Value(row)
			}
		}
	})
}

func exampleTotals() *event.TotalsBatch {
	return &event.TotalsBatch{
		Basis: 123, Part: 1, Parts: 2, Trigger: event.BySchedule, Catalogue: "0123456789ab", Period: "2021",
		ComputedAt: time.Date(2022, 2, 1, 2, 30, 0, 0, time.UTC).UnixMilli(),
		Totals: []event.Total{{
			Indicator: "hnte_valid", Value: "582", Unit: "家", Stage: "estimate", Status: "A", Qualifier: "about",
			Change: "4.676258992805755", ChangeKind: "percent", ChangeAbsolute: "26", Expected: 8, Missing: []string{"320871"}, Publishable: true,
			Inputs: event.NewInputs(event.Input{
				Area: "320812", Indicator: "hnte_valid", Value: catalogue.Value{Coefficient: 120}, Stage: catalogue.Estimate, Sequence: 300,
				Submission: event.SubmissionID{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
			}),
		}, {Indicator: "rd_intensity", Unit: "%", Status: "O", ChangeKind: "point", ChangeReason: "VALUE_MISSING"}},
	}
}

func TestTotalsRoundTrip(t *testing.T) {
	body, err := event.EncodeTotals(exampleTotals())
	check(t, err)
	got, err := event.DecodeTotals(body)
	check(t, err)
	if diff := cmp.Diff(exampleTotals(), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.Totals[0].Have() != 7 || !got.Computed().Equal(time.Date(2022, 2, 1, 2, 30, 0, 0, time.UTC)) {
		t.Errorf("got %+v", got)
	}
	if _, err := event.DecodeTotals([]byte(strings.Repeat("x", 9))); !event.IsPermanent(err) {
		t.Errorf("want a permanent error, got %v", err)
	}
}

func FuzzInputs(f *testing.F) {
	f.Add(string(exampleTotals().Totals[0].Inputs))
	f.Add(`[["\u0061","b","-1.5","","about","00112233445566778899aabbccddeeff",0,"2021-Q1",true],["a","b","0","","","00112233445566778899aabbccddeeff",1,"",false]]`)
	f.Fuzz(func(t *testing.T, text string) {
		in := event.Inputs(text)
		n, err := in.Check()
		all, unreadable := in.All()
		if unreadable == nil && (err != nil || n != len(all)) {
			t.Fatalf("%d inputs can be read, checked as %d: %v", len(all), n, err)
		}
		if unreadable != nil {
			return
		}
		again, err := event.NewInputs(all...).All()
		check(t, err)
		if diff := cmp.Diff(all, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("written and read again (-want +got)\n%s", diff)
		}
	})
}
