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

	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// uploadedSubmission is one submission of an upload, with its message and receipt.
type uploadedSubmission struct {
	id      event.SubmissionID
	message stream.Message
	receipt Receipt
	// understood is what the file was taken for.
	understood *decode.Understanding
	// file is what it came in, as it came.
	file []byte
	// alreadyStored is true when the content is in the log and is not stored again.
	// earlierVerdict is the sequence of the verdict that was there before the upload, and
	// for which the upload does not wait; 0 is none.
	alreadyStored  bool
	earlierVerdict uint64
}

// submit answers POST /v1/submissions.
//
// The answer to one submission is its [Receipt] with a Location. The answer to several,
// which one file with areas or datasets in it may hold, is [Receipts]. The status is 200
// when the answer holds every verdict, else 202.
func (g *Gateway) submit(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	if err := g.checkAvailable(w); err != nil {
		return err
	}
	dry, err := flagOf(r.URL.Query(), "dry_run")
	if err != nil {
		return err
	}
	if dry {
		return g.dryRun(w, r, who)
	}
	uploaded, err := g.storeUpload(w, r, who, via(r), 0)
	if err != nil {
		return err
	}
	if wait, ok := preferredWait(r.Header); ok {
		wait = min(wait, g.config.MaxWait.Truncate(time.Second))
		w.Header().Set("Preference-Applied", fmt.Sprintf("wait=%d", wait/time.Second))
		g.awaitVerdicts(r.Context(), uploaded, wait)
	}
	g.stand(r.Context(), receiptsOf(uploaded)...)
	status := http.StatusOK
	answer := Receipts{}
	for _, u := range uploaded {
		if u.receipt.Verdict == nil {
			status = http.StatusAccepted
		}
		u.receipt.Understood = u.understood
		if u.receipt.Original == "" { // it was stored before
			if u.receipt.Original, err = g.originalOf(r.Context(), u.receipt.Sequence); err != nil {
				return g.unavailableProblem(w, err)
			}
		}
		shortenVerdict(u.receipt.Verdict, len(uploaded))
		g.setPlace(r.Context(), &u.receipt)
		answer.Submissions = append(answer.Submissions, u.receipt)
	}
	if len(uploaded) > 1 {
		return writeJSON(w, status, answer)
	}
	w.Header().Set("Location", "/v1/submissions/"+uploaded[0].receipt.ID)
	return writeJSON(w, status, answer.Submissions[0])
}

func receiptsOf(uploaded []*uploadedSubmission) (receipts []*Receipt) {
	for _, u := range uploaded {
		receipts = append(receipts, &u.receipt)
	}
	return receipts
}

// storeUpload makes the request's submissions durable, all or none. Where since is a place in
// SUBMISSIONS, what was stored from there on is taken for this upload.
func (g *Gateway) storeUpload(w http.ResponseWriter, r *http.Request, who token.Holder, way string, since uint64) ([]*uploadedSubmission, error) {
	if err := g.checkIntake(r.Context(), w); err != nil {
		return nil, err
	}
	return g.withUpload(w, r, who, way, func(ctx context.Context, uploaded []*uploadedSubmission) error {
		ids := map[event.SubmissionID]bool{}
		for _, u := range uploaded {
			ids[u.id] = true
		}
		for _, u := range uploaded {
			if since > 0 {
				if err := g.deliveredBefore(ctx, u, since); err != nil {
					return g.unavailableProblem(w, err)
				}
			}
			if u.alreadyStored {
				continue
			}
			if err := g.recogniseRepetition(ctx, u, ids); err != nil {
				return g.unavailableProblem(w, err)
			}
		}
		if err := g.stillIn(w, r, who); err != nil {
			return err
		}
		if err := g.store(ctx, w, uploaded); err != nil {
			if problem, ok := errors.AsType[*Problem](err); ok {
				return problem
			}
			if errors.Is(err, nats.ErrMaxPayload) {
				return g.tooLargeProblem(g.log.MaxMessage())
			}
			return g.unavailableProblem(w, err)
		}
		g.metrics.countReceipts(uploaded)
		return nil
	})
}

// withUpload reads the request's submissions, which came in by a way, and hands them to use. Once
// the whole upload has arrived, and until use returns, it holds one of the slots for uploads at
// work.
func (g *Gateway) withUpload(w http.ResponseWriter, r *http.Request, who token.Holder, way string, use func(context.Context, []*uploadedSubmission) error) (uploaded []*uploadedSubmission, err error) {
	ctx, received := g.tracer.Start(r.Context(), "receive")
	defer func() { received(err) }()
	r = r.WithContext(ctx)
	leave, err := g.enter(r.Context(), w, who)
	if err != nil {
		return nil, err
	}
	defer leave()
	large := &largeSlot{gateway: g, writer: w, own: g.senders.of(who).large}
	defer large.leave()
	if err := g.receive(w, r, large); err != nil {
		return nil, err
	}
	release, err := g.work(r.Context(), w, who)
	if err != nil {
		return nil, err
	}
	defer release()
	uploaded, err = g.readSubmissions(w, r, who, way, large)
	if err != nil {
		return nil, err
	}
	return uploaded, use(ctx, uploaded)
}

// readSubmissions reads the request's submissions and makes their messages.
func (g *Gateway) readSubmissions(w http.ResponseWriter, r *http.Request, who token.Holder, way string, large *largeSlot) (uploaded []*uploadedSubmission, err error) {
	read, content, err := g.readUpload(w, r, who, large)
	if err != nil {
		return nil, err
	}
	if err := g.checkAreasAndDatasets(&read, who); err != nil {
		return nil, err
	}
	for i := range read.Submissions {
		one, err := g.prepareMessage(&read.Submissions[i], way, who)
		if err != nil {
			return nil, err
		}
		uploaded = append(uploaded, one)
	}
	for i := range read.Divided {
		parts, err := g.prepareParts(&read.Divided[i], way, who)
		if err != nil {
			return nil, err
		}
		uploaded = append(uploaded, parts...)
	}
	if len(uploaded) > stream.MaxTogether {
		return nil, tooManyParts(len(uploaded))
	}
	understood := read.Understanding
	for _, u := range uploaded {
		u.understood, u.file = &understood, content
	}
	return uploaded, nil
}

// via returns how a submission came in: cli, page or http. All have the same permissions.
func via(r *http.Request) string {
	switch claimed := r.Header.Get(event.ViaHeader); claimed {
	case viaCLI, viaPage:
		return claimed
	}
	return "http"
}

const viaCLI = "cli"

// messageOverhead is how many bytes of a message are left for its headers and subject.
const messageOverhead = 4 << 10

func (g *Gateway) prepareMessage(s *event.Submission, via string, who token.Holder) (*uploadedSubmission, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode submission: %w", err)
	}
	if most := g.log.MaxMessage() - messageOverhead; int64(len(body)) > most {
		return nil, newProblem(http.StatusRequestEntityTooLarge, codeTooLarge,
			fmt.Sprintf("该报送以 JSON 计 %d 字节，超过消息服务的上限 %d 字节，请按时期分成几个文件提交", len(body), most),
			fmt.Sprintf("the submission is %d bytes as JSON and the broker takes %d; split it by period into several files", len(body), most))
	}
	return g.newUploaded(s, event.EncodedPart{ID: s.ID(), Rows: len(s.Observations), Body: body}, via, who)
}

// newUploaded makes the message and the receipt of a submission, or of a part of one.
func (g *Gateway) newUploaded(s *event.Submission, of event.EncodedPart, via string, who token.Holder) (*uploadedSubmission, error) {
	id, err := event.ParseSubmissionID(of.ID)
	if err != nil {
		return nil, err
	}
	return &uploadedSubmission{
		id: id,
		message: stream.Message{
			Subject: "submissions." + s.Area + "." + s.Dataset, ID: of.ID, Body: of.Body,
			Header: map[string]string{event.SubmissionHeader: of.ID, event.ViaHeader: via, event.ByHeader: who.Name,
				event.RoleHeader: string(who.Role), event.TokenHeader: who.Token},
		},
		receipt: Receipt{ID: of.ID, Area: s.Area, Dataset: s.Dataset, File: s.File, Rows: of.Rows, Part: of.Part, Status: Received},
	}, nil
}

// recogniseRepetition looks for the same content in the log. It is not stored again where
// it is certainly in force, because the area has sent nothing since. Anything else is
// stored once more and judged: content that may have been superseded since, and content
// that was refused, whole or in part.
func (g *Gateway) recogniseRepetition(ctx context.Context, u *uploadedSubmission, ids map[event.SubmissionID]bool) error {
	e, ok := g.index.lookup(u.id)
	if !ok {
		return nil
	}
	first, err := g.receipt(ctx, u.id)
	if errors.Is(err, errNoSubmission) {
		return nil
	}
	if err != nil {
		return err
	}
	u.earlierVerdict = e.newestVerdict
	newest, known, err := g.newestOf(ctx, first.Area)
	if err != nil {
		return err
	}
	accepted := first.Status == string(event.AllAccepted) || first.Status == Received
	if accepted && known && g.index.nothingSince(first.Area, max(e.newest(), first.Sequence), newest, ids) {
		u.alreadyStored, u.receipt = true, first
		u.receipt.Repeated = true
		return nil
	}
	u.message.ID += "." + strconv.FormatUint(newest, 10)
	return nil
}

// newestOf returns the place in SUBMISSIONS of an area's newest message, of all that the
// broker has now; known is false where the index does not have them in time.
func (g *Gateway) newestOf(ctx context.Context, area string) (sequence uint64, known bool, err error) {
	last, err := g.log.LastSequence(ctx, stream.Submissions)
	if err != nil {
		return 0, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	sequence, known = g.index.newestOf(ctx, area, last)
	if !known {
		sequence = last
	}
	return sequence, known, nil
}

// store publishes the submissions that are not in the log yet, all or none, and completes
// their receipts.
func (g *Gateway) store(ctx context.Context, w http.ResponseWriter, uploaded []*uploadedSubmission) error {
	var fresh []*uploadedSubmission
	var messages []stream.Message
	for _, u := range uploaded {
		if !u.alreadyStored {
			fresh = append(fresh, u)
			messages = append(messages, u.message)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	release, err := g.reserveRoom(ctx, w, messages)
	if err != nil {
		return err
	}
	defer release()
	original, err := g.log.KeepOriginal(ctx, fresh[0].file)
	if err != nil {
		return err
	}
	for _, u := range fresh {
		u.message.Header[event.OriginalHeader] = original
	}
	published, err := g.publish(ctx, messages)
	if err != nil {
		return err
	}
	for i, u := range fresh {
		if err := g.completeReceipt(ctx, u, published[i]); err != nil {
			return err
		}
		u.receipt.Original = original
	}
	return nil
}

// publish stores one message together with those of other requests, which shares an
// fsync, or several messages all or none.
func (g *Gateway) publish(ctx context.Context, messages []stream.Message) (stored []stream.Published, err error) {
	ctx, published := g.tracer.Start(ctx, "publish")
	defer func() { published(err) }()
	if len(messages) > 1 {
		return g.log.PublishTogether(ctx, messages...)
	}
	one, err := g.group.Publish(ctx, messages[0])
	return []stream.Published{one}, err
}

// indexTimeout is how long a receipt waits until the index has the message that was just
// stored, which usually takes milliseconds.
const indexTimeout = 2 * time.Second

// completeReceipt fills in where and when the submission was stored. The time is the
// broker's, so that a later look-up gives the same receipt.
func (g *Gateway) completeReceipt(ctx context.Context, u *uploadedSubmission, p stream.Published) error {
	if p.Duplicate {
		first, err := g.receiptOfMessage(ctx, u.id, p.Sequence)
		if err == nil {
			u.receipt, u.receipt.Repeated = first, true
			return nil
		}
		if !errors.Is(err, errNoSubmission) {
			return err
		}
		// Another message has used the id for other content; this submission is
		// published under another message id.
		u.message.ID += "." + rand.Text()
		if p, err = g.group.Publish(ctx, u.message); err != nil {
			return err
		}
	}
	u.receipt.Sequence = p.Sequence
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	e, ok := g.index.await(ctx, u.id, func(e logPosition) bool { return e.submissionSequence >= p.Sequence })
	if ok && e.submissionSequence == p.Sequence {
		u.receipt.ReceivedAt = time.Unix(0, e.storedAt).UTC()
		return nil
	}
	u.receipt.ReceivedAt = time.Now().UTC()
	return nil
}

// awaitVerdicts completes the receipts with their verdicts, and waits for these at most
// for the time given.
func (g *Gateway) awaitVerdicts(ctx context.Context, uploaded []*uploadedSubmission, wait time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	ctx, release := g.untilDraining(ctx)
	defer release()
	for _, u := range uploaded {
		for u.receipt.Verdict == nil {
			e, ok := g.index.await(ctx, u.id, func(e logPosition) bool { return e.newestVerdict > u.earlierVerdict })
			if !ok {
				break
			}
			u.earlierVerdict = e.newestVerdict
			if r, err := g.receiptAfter(ctx, u.id, e); err == nil && r.Verdict != nil {
				r.Original = u.receipt.Original
				r.Repeated = r.Repeated || u.receipt.Repeated
				shortenVerdict(r.Verdict, len(uploaded))
				u.receipt = r
			}
		}
	}
}

// untilDraining returns a context that ends when the gateway stops. The caller releases it.
func (g *Gateway) untilDraining(ctx context.Context) (draining context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	released := make(chan struct{})
	go func() {
		defer close(released)
		select {
		case <-g.draining:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(); <-released }
}
