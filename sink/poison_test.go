package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

func TestBadMessagesGoToDeadAndTheRestIsStored(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	far := submission("bad-time", 3)
	far.ReceivedAt = 1 << 60
	badStage := submission("bad-stage", 4, event.AcceptedObservation{Indicator: "i", Period: period(t, "2021"), Stage: 9})
	badPeriod := submission("bad-period", 5, event.AcceptedObservation{Indicator: "i", Period: period(t, "2021")})
	badPeriod.PeriodWords[0] = "soon"
	accepted := publish(t, log, one(t, "a", 1),
		stream.Message{Subject: "accepted.x.y", Body: []byte("garbage")},
		stream.Message{Subject: "accepted.x.y", Body: append([]byte{1, 0x81, 0x61}, 0xff)},
		acceptedMessage(t, far), acceptedMessage(t, badStage), acceptedMessage(t, badPeriod), one(t, "b", 2))
	total := func(value string) stream.Message {
		return totalsMessage(t, event.TotalsBatch{Period: "2021", Basis: 1, Totals: []event.Total{{Indicator: "t" + value, Value: value}}})
	}
	totals := publish(t, log, total("1.5"), total("1e27"), total("0.0000000000001"), total("abc"), total("1e999999999"), total("1e-999999999"), total("99999999999999999999999999.999999999999"))
	publish(t, log, stream.Message{Subject: "verdicts.x.y", Body: []byte(`{"findings": 3}`)},
		verdictMessage(t, event.Verdict{Submission: "no times", Area: "x", Dataset: "y"}),
		verdictMessage(t, event.Verdict{Submission: "good", Area: "x", Dataset: "y", ReceivedAt: receivedAt, DecidedAt: receivedAt}))

	runWorkers(t, log, s, testConfig())
	settle(t, log, s, accepted, totals)
	if got := query(t, s, "SELECT area FROM observations ORDER BY area"); got != "area\na\nb\n" {
		t.Errorf("stored areas: %s", got)
	}
	if got := query(t, s, "SELECT value FROM totals ORDER BY value"); got != "value\n1.5\n99999999999999999999999999.999999999999\n" {
		t.Errorf("stored totals: %s", got)
	}
	within(t, "the good verdict stored", func() bool { return query(t, s, "SELECT id FROM submissions") == "id\ngood\n" })

	const buried = 5 + 5 + 2
	reasons := map[string]string{}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := log.Follow(ctx, stream.FollowConfig{Stream: stream.Dead}, func(d stream.Delivery) error {
		var letter event.DeadLetter
		if err := json.Unmarshal(d.Body, &letter); err != nil {
			return err
		}
		reasons[fmt.Sprintf("%s %d", letter.Stream, letter.Sequence)] = letter.Error
		if letter.Stage != "sink" || len(letter.Body) != 0 || letter.Size == 0 || len(letter.Hash) != 64 {
			t.Errorf("dead letter %+v", letter)
		}
		if len(reasons) == buried {
			cancel()
		}
		return nil
	}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]string{
		"ACCEPTED 2": "layout version", "ACCEPTED 4": "outside 1900", "ACCEPTED 5": "stage: 9", "ACCEPTED 6": "soon",
		"TOTALS 2": "digits before the point", "TOTALS 3": "decimals", "TOTALS 4": "not a decimal", "VERDICTS 2": "received_at",
	} {
		if !strings.Contains(reasons[place], want) {
			t.Errorf("%s: %q, want %q", place, reasons[place], want)
		}
	}
	if len(reasons) != buried {
		t.Errorf("%d dead letters, want %d: %v", len(reasons), buried, reasons)
	}
}

// A program that has not been upgraded yet leaves messages of a newer layout to one that has
// been, and its error says so.
func TestNewerLayoutEndsTheStage(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	newer := one(t, "a", 1)
	newer.Body[0] += 10
	publish(t, log, newer)
	workers, err := NewWorkers(log, s, testConfig(), s.logger)
	if err != nil {
		t.Fatal(err)
	}
	if err := workers.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "message 1 of ACCEPTED") || !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("the stage ended with %v", err)
	}
	if dead, err := log.LastSequence(t.Context(), stream.Dead); err != nil || dead != 0 {
		t.Errorf("%d in DEAD (%v), want none", dead, err)
	}
}

// A row that no column can hold goes to DEAD; the other rows of its message are stored.
func TestPoisonCostsOneRow(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	const rows = 100_000
	var observations []event.AcceptedObservation
	for i := range rows {
		observations = append(observations, event.AcceptedObservation{
			Indicator: fmt.Sprintf("i%d", i%500), Unit: "家", Period: catalogue.Period{Year: int16(1950 + i/500), Kind: catalogue.Year}, Row: i + 1, Status: catalogue.Normal,
		})
	}
	observations[70_000].Stage, observations[70_000].Note = 9, "poison"
	accepted := publish(t, log, acceptedMessage(t, submission("a", 1, observations...)), one(t, "b", 2))
	figure := func(id, value string) event.Total {
		return event.Total{Indicator: id, Value: value, Missing: []string{}}
	}
	totals := publish(t, log, totalsMessage(t, event.TotalsBatch{Period: "2021", Basis: 1, Part: 1, Parts: 1,
		Totals: []event.Total{figure("good", "1"), figure("vast", "1e27"), figure("better", "2")}}))
	runWorkers(t, log, s, testConfig())
	settle(t, log, s, accepted, totals)
	if got := query(t, s, "SELECT count(), countIf(row = 70001 AND area = 'a') FROM observations"); !strings.HasSuffix(got, fmt.Sprintf("\n%d,0\n", rows)) {
		t.Errorf("observations: %s, want all but one of %d", got, rows+1)
	}
	if got := query(t, s, "SELECT indicator FROM totals_latest ORDER BY indicator"); got != "indicator\nbetter\ngood\n" {
		t.Errorf("totals: %s", got)
	}
	letters, err := log.Letters(t.Context())
	if err != nil || len(letters) != 2 {
		t.Fatalf("letters = %+v, %v; want one for the row and one for the total", letters, err)
	}
	for _, letter := range letters {
		switch letter.Stream {
		case stream.Accepted:
			if !strings.Contains(letter.Error, "rows that cannot be stored: 1, the first") || !strings.Contains(letter.Error, "row 70001") || len(letter.Body) != 0 {
				t.Errorf("letter = %+v; want it to name the row", letter)
			}
		case stream.Totals:
			if !strings.Contains(letter.Error, "totals that cannot be stored: 1 of 3, the first: total of vast in 2021") || len(letter.Body) != 0 {
				t.Errorf("letter = %+v; want it to name the total", letter)
			}
		}
	}
}
