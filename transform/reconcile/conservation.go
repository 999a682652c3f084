package reconcile

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/judge"
)

// Shown counts what the projection shows of one area and dataset.
type Shown struct {
	Area, Dataset string
	// Submissions are those with a verdict.
	Submissions uint64
	// Rows are those of the submissions: the sum of Accepted, Held and Rejected.
	Rows, Accepted, Held, Rejected uint64
}

// Conservation is the result of a conservation check: whether everything that was
// received is accounted for.
type Conservation struct {
	CheckedAt  time.Time         `json:"checked_at"`
	Balanced   bool              `json:"balanced"`
	Accounts   []Account         `json:"accounts"`
	Imbalances []event.Imbalance `json:"imbalances,omitempty"`
}

// Account counts what became of the submissions of one area and dataset. Received is
// the sum of Judged and Pending, and Rows that of Accepted, Held and Rejected, as they were judged. What was
// sent again unchanged is received and judged once more, and has no rows of its own.
type Account struct {
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	// Received counts the messages in SUBMISSIONS, Judged those whose verdict
	// ClickHouse shows, Pending the others.
	Received int64 `json:"received"`
	Judged   int64 `json:"judged"`
	Pending  int64 `json:"pending"`
	Rows     int64 `json:"rows"`
	Accepted int64 `json:"accepted"`
	Held     int64 `json:"held"`
	Rejected int64 `json:"rejected"`
}

// Under joins the accounts of areas and datasets that a catalogue does not have, of which anyone who may
// publish can make as many as they like, into one, as [catalogue.Catalogue.Labels] names them.
func (c *Conservation) Under(of *catalogue.Catalogue) {
	places, joined := map[[2]string]int{}, []Account{}
	for _, a := range c.Accounts {
		a.Area, a.Dataset = of.Labels(a.Area, a.Dataset)
		at, known := places[[2]string{a.Area, a.Dataset}]
		if !known {
			places[[2]string{a.Area, a.Dataset}] = len(joined)
			joined = append(joined, a)
			continue
		}
		sum := &joined[at]
		sum.Received, sum.Judged, sum.Pending = sum.Received+a.Received, sum.Judged+a.Judged, sum.Pending+a.Pending
		sum.Rows, sum.Accepted, sum.Held, sum.Rejected = sum.Rows+a.Rows, sum.Accepted+a.Accepted, sum.Held+a.Held, sum.Rejected+a.Rejected
	}
	c.Accounts = joined
}

// CheckConservation compares what the log received with what the projection shows.
// Submissions that are being worked on are no imbalance: the broker knows how many
// they are, and only what is missing beyond that is one.
func CheckConservation(ctx context.Context, log *stream.Log, projection Projection, now time.Time) (*Conservation, error) {
	// The order matters: a submission moves on from one count to the next meanwhile,
	// and must not be missed by all of them.
	received, err := log.CountByOrigin(ctx, stream.Submissions)
	if err != nil {
		return nil, err
	}
	undecided, err := undecided(ctx, log, received)
	if err != nil {
		return nil, err
	}
	shown, behind, err := projection.Accounts(ctx, received.First, received.Last)
	if err != nil {
		return nil, err
	}
	c := balanceBooks(received, undecided+behind, shown, now)
	return c, c.countLetters(ctx, log)
}

// countLetters notes with each imbalance how many messages of its area and dataset are
// in DEAD.
func (c *Conservation) countLetters(ctx context.Context, log *stream.Log) error {
	if c.Balanced {
		return nil
	}
	letters, err := log.Letters(ctx)
	if err != nil {
		return err
	}
	for i := range c.Imbalances {
		imbalance := &c.Imbalances[i]
		for l := range letters {
			of := event.OriginOf(letters[l].Subject)
			if of.Area == imbalance.Area && of.Dataset == imbalance.Dataset && letters[l].Stream != stream.Accepted {
				imbalance.Dead++
			}
		}
	}
	return nil
}

// undecided returns how many submissions have no verdict in the log yet, at most.
func undecided(ctx context.Context, log *stream.Log, received *stream.OriginCounts) (int64, error) {
	position, err := log.Position(ctx, stream.Submissions, judge.Consumer)
	if err == nil {
		return int64(position.Pending + position.Delivered), nil
	}
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, err
	}
	var all int64
	for _, n := range received.Messages {
		all += n
	}
	return all, nil
}

// balanceBooks sets what was received against what is shown. As many submissions as are
// under way may lack a verdict.
func balanceBooks(received *stream.OriginCounts, underWay int64, shown []Shown, now time.Time) *Conservation {
	accounts := map[event.Origin]*Account{}
	account := func(o event.Origin) *Account {
		a, ok := accounts[o]
		if !ok {
			a = &Account{Area: o.Area, Dataset: o.Dataset}
			accounts[o] = a
		}
		return a
	}
	for origin, n := range received.Messages {
		account(origin).Received = n
	}
	c := &Conservation{CheckedAt: now.UTC().Truncate(time.Millisecond), Accounts: []Account{}}
	for i := range shown {
		s := &shown[i]
		a := account(event.Origin{Area: s.Area, Dataset: s.Dataset})
		a.Judged, a.Rows, a.Accepted = int64(s.Submissions), int64(s.Rows), int64(s.Accepted)
		a.Held, a.Rejected = int64(s.Held), int64(s.Rejected)
	}
	var pending int64
	for _, a := range accounts {
		a.Pending = a.Received - a.Judged
		pending += max(a.Pending, 0)
	}
	for _, a := range accounts {
		if a.Pending < 0 || a.Pending > 0 && pending > underWay {
			c.Imbalances = append(c.Imbalances, event.Imbalance{Area: a.Area, Dataset: a.Dataset, What: event.CountSubmissions, Log: a.Received, Shown: a.Judged})
		}
		c.Accounts = append(c.Accounts, *a)
	}
	slices.SortFunc(c.Accounts, func(a, b Account) int { return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Dataset, b.Dataset)) })
	slices.SortFunc(c.Imbalances, func(a, b event.Imbalance) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Dataset, b.Dataset))
	})
	c.Balanced = len(c.Imbalances) == 0
	return c
}
