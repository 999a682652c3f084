package judge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
	"golang.org/x/sync/errgroup"
)

// received is a message of SUBMISSIONS that has been read but not judged.
type received struct {
	delivery      stream.Delivery
	submission    event.Submission
	area, dataset string // of the message's subject
	stray         error  // why the subject is not that of a submission
	problem       error  // why the body cannot be read
	id            string
	content       string // its id without the key
	key           string // the sender's name for it, "" where there is none
	whole         *wholeList
	byBureau      bool // it came with a token of the bureau, which decides itself what would be held of others
}

// How many bytes texts may have that are not figures. Names are cut off there; a
// longer note or reason, which are statements, is rejected.
const (
	maxName   = 255
	maxReason = 4 << 10
	maxNote   = 4 << 10
)

// via returns the way by which the submission came in, and by who was authenticated,
// as the message's headers say.
func (r *received) via() string { return event.Excerpt(r.delivery.Header(event.ViaHeader), maxName) }
func (r *received) by() string  { return event.Excerpt(r.delivery.Header(event.ByHeader), maxName) }

// readSubmission reads a message. The broker checked who may publish on the subject,
// so the subject decides whose submission it is, not the body.
func readSubmission(d stream.Delivery) received {
	r := received{delivery: d, byBureau: d.Header(event.RoleHeader) == string(token.Bureau)}
	origin := event.OriginOf(d.Subject)
	if r.area, r.dataset = origin.Area, origin.Dataset; r.area == "" {
		r.stray = event.Permanentf("subject %q: want submissions.<area>.<dataset>", event.Excerpt(d.Subject, maxName))
		return r
	}
	r.submission, r.problem = event.DecodeSubmission(d.Body)
	if r.problem != nil {
		sum := sha256.Sum256(d.Body)
		r.id = hex.EncodeToString(sum[:16])
		r.content = r.id
		return r
	}
	if r.submission.Area == "" {
		r.submission.Area = r.area
	}
	if r.submission.Dataset == "" {
		r.submission.Dataset = r.dataset
	}
	r.key = strings.TrimSpace(r.submission.Key)
	direct := d.Header(event.DirectHeader)
	if direct != "" {
		r.submission.Part = nil // the gateway alone makes parts
	}
	switch {
	case r.key != "":
	case direct != "":
		r.key = d.Header(event.KeyHeader)
	case d.Header(event.SubmissionHeader) == "":
		r.key = d.ID() // of a sender who publishes to the broker
	}
	if r.key == "" && r.submission.Again {
		// What a district published comes from DIRECT again after a crash.
		r.key = "again." + cmp.Or(direct, strconv.FormatUint(d.Sequence, 10))
	}
	r.submission.Key, r.content = r.key, r.submission.ContentID()
	if r.id = r.content; r.key != "" {
		r.id = r.submission.ID()
	}
	r.submission.File = event.Excerpt(r.submission.File, maxName)
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
