package judge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"slices"
	"strings"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"golang.org/x/sync/errgroup"
)

// received is a message of SUBMISSIONS that has been read but not judged.
type received struct {
	delivery      stream.Delivery
	submission    event.Submission
	area, dataset string // of the message's subject
	problem       error  // why the body cannot be read
	id            string
}

// readSubmission reads a message. The broker checked who may publish on the subject,
// so the subject decides whose submission it is, not the body.
func readSubmission(d stream.Delivery) received {
	r := received{delivery: d}
	tokens := strings.Split(d.Subject, ".")
	if len(tokens) == 3 {
		r.area, r.dataset = tokens[1], tokens[2]
	}
	r.submission, r.problem = event.DecodeSubmission(d.Body)
	if r.problem != nil {
		sum := sha256.Sum256(d.Body)
		r.id = hex.EncodeToString(sum[:16])
		return r
	}
	if r.submission.Area == "" {
		r.submission.Area = r.area
	}
	if r.submission.Dataset == "" {
		r.submission.Dataset = r.dataset
	}
	r.id = r.submission.ID()
	return r
}

// readSubmissions reads the messages, on all processors, and returns them in the
// order in which the log received them. Redelivered messages come out of order.
func readSubmissions(ctx context.Context, batch []stream.Delivery) ([]received, error) {
	submissions := make([]received, len(batch))
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range batch {
		group.Go(func() error { submissions[i] = readSubmission(batch[i]); return nil })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(submissions, func(a, b received) int { return int(a.delivery.Sequence) - int(b.delivery.Sequence) })
	return submissions, nil
}
