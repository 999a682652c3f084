package ingest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/citytally/citytally/ingest/token"
)

// receivingPerSlot is how many uploads may be on their way in for each that is decoded and
// stored. It bounds the memory of uploads that arrive slowly.
const receivingPerSlot = 4

// senders bounds what each token may have under way, so that no sender can keep others out.
type senders struct {
	uploads int        // of one token at the same time
	rate    rate.Limit // of one token, in uploads per second
	// receiving holds one element for each upload that is on its way in, of any token.
	receiving chan struct{}

	mu      sync.Mutex
	byToken map[string]*sender
}

// sender is what one token has under way.
type sender struct {
	slots chan struct{}
	// working and large are its shares of the slots for uploads at work and for large ones: others have
	// some left, whatever one sender's files cost.
	working, large chan struct{}

	limiter *rate.Limiter
}

func newSenders(c Config) *senders {
	return &senders{
		uploads: c.MaxInFlight, rate: rate.Limit(c.MaxRate), receiving: make(chan struct{}, receivingPerSlot*c.MaxInFlight),
		byToken: map[string]*sender{},
	}
}

func (s *senders) of(who token.Holder) *sender {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.byToken[who.Token]
	if one == nil {
		one = &sender{slots: make(chan struct{}, s.uploads), working: make(chan struct{}, max(1, s.uploads/2)), large: make(chan struct{}, largeUploads/2), limiter: rate.NewLimiter(s.rate, 2*int(s.rate))}
		s.byToken[who.Token] = one
	}
	return one
}

// enter lets an upload of the token in; leave is to be called at its end. It returns the problem
// of a token that has too much under way.
func (g *Gateway) enter(ctx context.Context, w http.ResponseWriter, who token.Holder) (leave func(), err error) {
	one := g.senders.of(who)
	if !one.limiter.Allow() {
		w.Header().Set("Retry-After", retryAfterStart)
		return nil, newProblem(http.StatusTooManyRequests, codeTooMany,
			fmt.Sprintf("此令牌每秒最多上传 %d 次，请稍后重试，或将多个文件合并", g.config.MaxRate),
			fmt.Sprintf("this token may send %d uploads each second; try again later, or put more rows into one file", g.config.MaxRate))
	}
	leaveOwn, err := acquire(ctx, one.slots)
	if err != nil {
		return nil, tooManyOfToken(ctx, w, cap(one.slots))
	}
	leaveAll, err := acquire(ctx, g.senders.receiving)
	if err != nil {
		leaveOwn()
		return nil, tooManyUploads(ctx, w)
	}
	return func() { leaveAll(); leaveOwn() }, nil
}

// work takes a slot for an upload of the token that has arrived; release is to be called once it is stored.
func (g *Gateway) work(ctx context.Context, w http.ResponseWriter, who token.Holder) (release func(), err error) {
	own := g.senders.of(who).working
	releaseOwn, err := acquire(ctx, own)
	if err != nil {
		return nil, tooManyOfToken(ctx, w, cap(own))
	}
	releaseAll, err := acquire(ctx, g.slots)
	if err != nil {
		releaseOwn()
		return nil, tooManyUploads(ctx, w)
	}
	return func() { releaseAll(); releaseOwn() }, nil
}

func tooManyOfToken(ctx context.Context, w http.ResponseWriter, most int) error {
	w.Header().Set("Retry-After", retryAfterBroker)
	return slotProblem(ctx, http.StatusTooManyRequests, codeTooMany,
		fmt.Sprintf("此令牌同时处理的文件已达 %d 个，请等待其完成后重试", most),
		fmt.Sprintf("this token has %d uploads under way; try again when they are done", most))
}

// arrived is the body of a request that is here as a whole, and is not copied again.
type arrived struct {
	bytes.Reader
	content []byte
}

func newArrived(content []byte) *arrived {
	a := &arrived{content: content}
	a.Reset(content)
	return a
}

func (*arrived) Close() error { return nil }

// receive reads the request's body as it comes, before any work is done with it.
func (g *Gateway) receive(w http.ResponseWriter, r *http.Request, large *largeSlot) error {
	if a, ok := r.Body.(*arrived); ok {
		if len(a.content) >= usualBody {
			return large.take(r.Context())
		}
		return nil
	}
	body, err := g.readWhole(r.Context(), http.MaxBytesReader(w, r.Body, g.config.MaxBody), large)
	if err != nil {
		return err
	}
	r.Body = newArrived(body)
	return nil
}

// slotTimeout is how long an upload waits for a slot before it is refused.
const slotTimeout = 10 * time.Second

// acquire takes one of the slots; release frees it. It returns an error when none is free
// within slotTimeout, or ctx ends.
func acquire(ctx context.Context, slots chan struct{}) (release func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, slotTimeout)
	defer cancel()
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-waiting.Done():
		return nil, context.Cause(waiting)
	}
}

// slotProblem returns the answer where there is no slot: none to a client that has gone away.
func slotProblem(ctx context.Context, status int, code, zh, en string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return newProblem(status, code, zh, en)
}

func tooManyUploads(ctx context.Context, w http.ResponseWriter) error {
	w.Header().Set("Retry-After", retryAfterBroker)
	return slotProblem(ctx, http.StatusServiceUnavailable, codeUnavailable,
		"同时上传的文件过多，请稍后重试", "too many uploads at the same time; try again later")
}
