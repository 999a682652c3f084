package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

// step is a message of ACCEPTED; nil is one that cannot be read.
type step struct {
	subject string
	batch   *event.AcceptedBatch
}

// drawSteps makes up a history with everything that a ledger remembers: figures, lists, keys, content that
// comes again, held figures and what is decided about them, locks, reopenings, another
// catalogue and messages that cannot be read.
func drawSteps(t *rapid.T) (first *catalogue.Catalogue, steps []step) {
	c := tallytest.DrawCity(t)
	submissions := tallytest.DrawHistory(t, c)
	earlier, n := tallytest.DrawEarlier(t, c, submissions)
	type row struct {
		submission *event.AcceptedSubmission
		held       event.HeldRow
	}
	var held []row
	decide := func(d event.Decision) {
		steps = append(steps, step{"accepted.decisions", &event.AcceptedBatch{Decisions: []event.Decision{d}}})
	}
	for i := range submissions {
		s := &submissions[i]
		s.ReceivedAt, s.OnBehalf = int64(1000+i), rapid.IntRange(0, 2).Draw(t, "on behalf") == 0
		if i == n {
			decide(event.Decision{Kind: event.Adopt, Catalogue: c.Text(), At: int64(i)})
		}
		switch rapid.IntRange(0, 9).Draw(t, "beside") {
		case 0:
			steps = append(steps, step{subject: "accepted.x.annual"})
		case 1:
			kind := rapid.SampledFrom([]event.DecisionKind{event.Lock, event.Unlock, event.Reopen}).Draw(t, "decision")
			decide(event.Decision{Kind: kind, Period: rapid.SampledFrom([]string{"2016", "2016-Q1"}).Draw(t, "period"), Reason: "r", At: int64(2000 + i)})
		case 2, 3:
			if len(held) > 0 {
				of := rapid.SampledFrom(held).Draw(t, "held row")
				d := event.Decision{
					Kind: rapid.SampledFrom([]event.DecisionKind{event.ExplainHeld, event.ReleaseHeld, event.RefuseHeld}).Draw(t, "decision"),
					Area: of.submission.Area, Sequence: of.submission.Sequence, Rows: []uint32{of.held.Row}, Reason: "because", At: int64(3000 + i), Person: event.Person{Name: "n", Role: "r", Way: "w"},
				}
				batch := &event.AcceptedBatch{Decisions: []event.Decision{d}}
				if d.Kind == event.ReleaseHeld {
					o, _ := of.held.Observation()
					released := event.AcceptedSubmission{ID: of.submission.ID, Area: of.submission.Area, Dataset: of.submission.Dataset, Sequence: of.submission.Sequence, ReceivedAt: int64(3000 + i), Released: true}
					released.Add(o)
					batch.Submissions = append(batch.Submissions, released)
				}
				steps = append(steps, step{"accepted.decisions", batch})
			}
		case 8:
			decide(event.Decision{Kind: event.AdoptRules, Rules: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "rules"), At: int64(i)})
		case 4, 5:
			o := event.AcceptedObservation{
				Indicator: "s0", Unit: "万元", Period: fixture.Period("2016"), Value: catalogue.Value{Coefficient: int64(i)}, Row: 100, Note: "note", Raw: "raw",
				Stage: rapid.SampledFrom([]catalogue.Stage{catalogue.Flash, catalogue.Final}).Draw(t, "stage"), Status: catalogue.Normal,
			}
			if rapid.Bool().Draw(t, "of a list") {
				o.Indicator, o.Unit, o.Value = "e0", "家", catalogue.Value{Coefficient: 1}
				o.Entity = &event.ListedEntity{Code: tallytest.EntityCode(rapid.IntRange(0, 3).Draw(t, "entity")), Name: "n", Registered: s.Area}
			}
			s.Held = append(s.Held, event.NewHeldRow(&o, []event.Finding{{Code: "ODD", MessageZH: "异常", MessageEN: "odd"}}))
			held = append(held, row{s, s.Held[0]})
		case 6:
			s.Key, s.Content = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), fmt.Sprintf("%032x", 1_000_000+i%3)
		case 7:
			if i > 0 {
				s.ID = submissions[i-1].ID // the same content again
			}
		}
		steps = append(steps, step{"accepted." + s.Area + "." + s.Dataset, &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{*s}}})
	}
	return earlier, steps
}

// fold folds in the steps from one on.
func fold(l *ledger.Ledger, steps []step, from int) {
	for i := from; i < len(steps); i++ {
		if steps[i].batch == nil {
			l.Skip(uint64(i+1), steps[i].subject, event.Permanentf("message %d", i+1))
			continue
		}
		_ = l.Apply(uint64(i+1), steps[i].subject, steps[i].batch) // figures that do not convert count as none
	}
}

// A ledger from an image of any place of any history is, to the last field, the ledger folded
// up to there; and folded on from there the one folded from the start. What is folded in
// between taking an image and writing it is not in it.
func TestLedgerFromAnImage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, steps := drawSteps(t)
		at := rapid.IntRange(0, len(steps)).Draw(t, "place of the image")
		folded, whole := ledger.New(c), ledger.New(c)
		fold(folded, steps[:at], 0)
		fold(whole, steps[:at], 0)
		image := whole.Image()
		fold(whole, steps, at)
		var text bytes.Buffer
		if err := image.Write(&text); err != nil {
			t.Fatal(err)
		}
		image.Close()
		restored := ledger.New(c)
		if err := restored.Restore(bytes.NewReader(text.Bytes())); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(ledger.StateOf(folded), ledger.StateOf(restored), ledger.ExportAll); diff != "" {
			t.Fatalf("the image (-folded +restored)\n%s", diff)
		}
		fold(restored, steps, at)
		if diff := gocmp.Diff(ledger.StateOf(whole), ledger.StateOf(restored), ledger.ExportAll); diff != "" {
			t.Fatalf("the end (-from the start +from the image)\n%s", diff)
		}

		// Cut off anywhere it is no image, and leaves the ledger empty.
		cut := ledger.New(c)
		if err := cut.Restore(bytes.NewReader(text.Bytes()[:rapid.IntRange(0, text.Len()-1).Draw(t, "cut")])); err == nil {
			t.Fatal("a cut image was restored")
		}
		if diff := gocmp.Diff(ledger.StateOf(ledger.New(c)), ledger.StateOf(cut), ledger.ExportAll); diff != "" {
			t.Fatalf("after a cut image (-empty +got)\n%s", diff)
		}
	})
}

// The histories that are drawn hold everything that an image has to keep. These are the same
// each time, so that what is rare is never missed by chance.
func TestDrawnHistoriesHoldEverything(t *testing.T) {
	drawn := rapid.Custom(func(t *rapid.T) *ledger.Ledger {
		c, steps := drawSteps(t)
		l := ledger.New(c)
		fold(l, steps, 0)
		return l
	})
	seen := map[string]int{}
	for seed := range 100 {
		for of, n := range ledger.StateOf(drawn.Example(seed)).Counts() {
			seen[of] += n
		}
	}
	for of, n := range seen {
		if n == 0 {
			t.Errorf("no history had any %s", of)
		}
	}
}

// What is not an image is not taken for one, and an image is not laid over a ledger.
func TestRestoreRefuses(t *testing.T) {
	c := fixture.Catalogue(t)
	l := ledger.New(c)
	if err := l.Restore(bytes.NewReader([]byte("x"))); err == nil {
		t.Error("one letter was restored")
	}
	if err := l.Apply(1, "accepted.901.annual", fixture.Accepted(1, "901", fixture.AcceptedFigure("gdp", fixture.Period("2021"), 5))); err != nil {
		t.Fatal(err)
	}
	image := l.Image()
	defer image.Close()
	if err := image.Write(failing{}); err == nil {
		t.Error("an image that could not be written has no error")
	}
	var text bytes.Buffer
	if err := image.Write(&text); err != nil {
		t.Fatal(err)
	}
	if err := l.Restore(bytes.NewReader(text.Bytes())); err == nil {
		t.Error("an image was laid over a ledger")
	}
	if err := ledger.New(c).Restore(bytes.NewReader(append(text.Bytes(), 0))); err == nil {
		t.Error("more than an image was restored")
	}
	if !image.Within(ledger.Moment{}) || image.Within(ledger.Moment{Received: time.UnixMilli(-1)}) {
		t.Errorf("%+v is within the wrong moments", image.Extent)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }
