package ingest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// filing is one submission on its way through a request.
type filing struct {
	id      event.SubmissionID
	message stream.Message
	receipt Receipt
	// known is true when the content need not be stored again; after is the
	// verdict that does not count because it came before.
	known bool
	after uint64
}

// submit answers POST /v1/submissions.
//
// The answer to one submission is its [Receipt] with a Location; to several,
// which one CSV with area or dataset columns may hold, it is [Receipts]. The
// status is 200 when every verdict is in it, else 202.
func (g *Gateway) submit(w http.ResponseWriter, r *http.Request, who holder) error {
	if err := g.available(w); err != nil {
		return err
	}
	filings, err := g.file(w, r, who)
	if err != nil {
		return err
	}
	if wait, ok := preferredWait(r.Header); ok {
		wait = min(wait, g.config.MaxWait.Truncate(time.Second))
		w.Header().Set("Preference-Applied", fmt.Sprintf("wait=%d", wait/time.Second))
		g.awaitVerdicts(r.Context(), filings, wait)
	}
	status := http.StatusOK
	answer := Receipts{}
	for _, f := range filings {
		if f.receipt.Verdict == nil {
			status = http.StatusAccepted
		}
		answer.Submissions = append(answer.Submissions, f.receipt)
	}
	if len(filings) > 1 {
		return writeJSON(w, status, answer)
	}
	w.Header().Set("Location", "/v1/submissions/"+filings[0].receipt.ID)
	return writeJSON(w, status, answer.Submissions[0])
}

// file makes the request's submissions durable, all or none. The upload's place
// in memory is free again when it returns.
func (g *Gateway) file(w http.ResponseWriter, r *http.Request, who holder) (filings []*filing, err error) {
	ctx, received := g.tracer.Start(r.Context(), "receive")
	defer func() { received(err) }()
	r = r.WithContext(ctx)
	leave, err := g.enter(r.Context(), w)
	if err != nil {
		return nil, err
	}
	defer leave()
	submissions, err := g.read(w, r, who)
	if err != nil {
		return nil, err
	}
	if err := g.address(submissions, who); err != nil {
		return nil, err
	}
	filings = make([]*filing, len(submissions))
	for i := range submissions {
		if filings[i], err = g.prepare(&submissions[i], via(r), who); err != nil {
			return nil, err
		}
		if err := g.recognise(r.Context(), filings[i]); err != nil {
			return nil, g.unavailable(w, err)
		}
	}
	if err := g.store(r.Context(), filings); err != nil {
		if errors.Is(err, nats.ErrMaxPayload) {
			return nil, g.tooLarge(g.log.MaxMessage())
		}
		return nil, g.unavailable(w, err)
	}
	g.metrics.filed(filings)
	return filings, nil
}

// via tells the command line from other clients; neither is trusted with more.
func via(r *http.Request) string {
	if r.Header.Get(event.ViaHeader) == viaCLI {
		return viaCLI
	}
	return "http"
}

const viaCLI = "cli"

// The room a message's headers and subject need beside its body.
const messageOverhead = 4 << 10

func (g *Gateway) prepare(s *event.Submission, via string, who holder) (*filing, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode submission: %w", err)
	}
	if most := g.log.MaxMessage() - messageOverhead; int64(len(body)) > most {
		return nil, newProblem(http.StatusRequestEntityTooLarge, codeTooLarge,
			fmt.Sprintf("该报送以 JSON 计 %d 字节，超过消息服务的上限 %d 字节，请按时期分成几个文件提交", len(body), most),
			fmt.Sprintf("the submission is %d bytes as JSON and the broker takes %d; split it by period into several files", len(body), most))
	}
	text := s.ID()
	id, err := event.ParseSubmissionID(text)
	if err != nil {
		return nil, err
	}
	return &filing{
		id: id,
		message: stream.Message{
			Subject: "submissions." + s.Area + "." + s.Dataset, ID: text, Body: body,
			Header: map[string]string{event.SubmissionHeader: text, event.ViaHeader: via, event.ByHeader: who.name},
		},
		receipt: Receipt{ID: text, Area: s.Area, Dataset: s.Dataset, File: s.File, Rows: len(s.Observations), Status: Received},
	}, nil
}

// recognise looks whether the same content is in the log already. Content that
// was rejected is stored once more, to be judged anew: the catalogue may have
// changed since.
func (g *Gateway) recognise(ctx context.Context, f *filing) error {
	e, ok := g.index.lookup(f.id)
	if !ok {
		return nil
	}
	first, err := g.receipt(ctx, f.id)
	if errors.Is(err, errUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	f.after = e.verdict
	if first.Status == string(event.Rejected) {
		f.message.ID += "." + strconv.FormatUint(e.verdict, 10)
		return nil
	}
	f.known = true
	f.receipt = first
	f.receipt.Repeated = true
	return nil
}

// store publishes the filings that are not known, together, and completes their
// receipts.
func (g *Gateway) store(ctx context.Context, filings []*filing) error {
	var fresh []*filing
	var messages []stream.Message
	for _, f := range filings {
		if !f.known {
			fresh = append(fresh, f)
			messages = append(messages, f.message)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	published, err := g.publish(ctx, messages)
	if err != nil {
		return err
	}
	for i, f := range fresh {
		if err := g.complete(ctx, f, published[i]); err != nil {
			return err
		}
	}
	return nil
}

// publish shares an fsync with other requests, or, for several messages, sees to
// it that all are stored or none.
func (g *Gateway) publish(ctx context.Context, messages []stream.Message) (stored []stream.Published, err error) {
	ctx, published := g.tracer.Start(ctx, "publish")
	defer func() { published(err) }()
	if len(messages) > 1 {
		return g.log.Publish(ctx, messages...)
	}
	one, err := g.group.Publish(ctx, messages[0])
	return []stream.Published{one}, err
}

// How long a receipt waits for the index to see what has just been stored,
// which it does within milliseconds.
const indexWait = 2 * time.Second

// complete fills in where and when the submission was stored. A later look-up
// gives the same receipt, because the time is the broker's.
func (g *Gateway) complete(ctx context.Context, f *filing, p stream.Published) error {
	if p.Duplicate {
		first, err := g.stored(ctx, f.id, p.Sequence)
		if err == nil {
			f.receipt, f.receipt.Repeated = first, true
			return nil
		}
		if !errors.Is(err, errUnknown) {
			return err
		}
		// Somebody has used the id for other content, which is no reason to lose
		// this.
		f.message.ID += "." + rand.Text()
		if p, err = g.group.Publish(ctx, f.message); err != nil {
			return err
		}
	}
	f.receipt.Sequence = p.Sequence
	ctx, cancel := context.WithTimeout(ctx, indexWait)
	defer cancel()
	e, ok := g.index.await(ctx, f.id, func(e entry) bool { return e.submission >= p.Sequence })
	if ok && e.submission == p.Sequence {
		f.receipt.ReceivedAt = time.Unix(0, e.stored).UTC()
		return nil
	}
	f.receipt.ReceivedAt = time.Now().UTC()
	return nil
}

// awaitVerdicts completes the receipts with verdicts as they come, for at most
// the time given.
func (g *Gateway) awaitVerdicts(ctx context.Context, filings []*filing, wait time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	released := make(chan struct{})
	defer func() { cancel(); <-released }()
	go func() {
		defer close(released)
		select {
		case <-g.draining:
			cancel()
		case <-ctx.Done():
		}
	}()
	for _, f := range filings {
		for f.receipt.Verdict == nil {
			e, ok := g.index.await(ctx, f.id, func(e entry) bool { return e.verdict > f.after })
			if !ok {
				break
			}
			f.after = e.verdict
			if r, err := g.receipt(ctx, f.id); err == nil && r.Verdict != nil {
				r.Repeated = f.receipt.Repeated
				f.receipt = r
			}
		}
	}
}
