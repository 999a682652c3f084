package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// api is the prefix of requests to JetStream.
const api = "$JS.API."

// DeniedError says that the broker does not let this program's user do something. A person can
// grant it while the program runs, so that it may pass.
type DeniedError struct {
	User string
	// Subscribe is set where the user may not listen on the subject; else it may not publish.
	Subscribe bool
	Subject   string
}

// Error names the missing grant.
func (e *DeniedError) Error() string {
	verb := "publish"
	if e.Subscribe {
		verb = "subscribe"
	}
	return fmt.Sprintf("the broker does not let user %q %s on %q; grant it, or connect as a user who may: citytally setup --print-broker-config shows what each needs", e.User, verb, e.Subject)
}

// Chinese says the same in Chinese.
func (e *DeniedError) Chinese() string {
	verb := "发布"
	if e.Subscribe {
		verb = "订阅"
	}
	return fmt.Sprintf("消息服务器不允许用户“%s”%s %s；请授权，或改用有权限的用户连接：citytally setup --print-broker-config 列出各用户所需的权限", e.User, verb, e.Subject)
}

var violation = regexp.MustCompile(`(?i)permissions violation for (publish|subscription) to "([^"]+)"`)

// asDenied returns what the broker's error says was denied, or nil.
func asDenied(nc *nats.Conn, err error) *DeniedError {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return nil
	}
	found := violation.FindStringSubmatch(err.Error())
	if found == nil {
		return nil
	}
	return &DeniedError{User: cmp.Or(nc.Opts.User, nc.Opts.Nkey), Subscribe: strings.EqualFold(found[1], "subscription"), Subject: found[2]}
}

// denial is a denial that stands, and when it came last.
type denial struct {
	err *DeniedError
	at  time.Time
}

// repeatsWithin is how soon a denied request to JetStream is made again. A denial of one that
// is older no longer stands.
const repeatsWithin = time.Minute

// watchDenials has the health of the log keep what the broker denies over the connection. The
// broker tells it to the connection alone; the call that is denied would wait for its answer.
func (l *Log) watchDenials() {
	next := l.nc.ErrorHandler()
	l.nc.SetErrorHandler(func(nc *nats.Conn, sub *nats.Subscription, err error) {
		if denied := asDenied(nc, err); denied != nil {
			l.health.deny(denied)
			l.calls.deny(denied)
		}
		if next != nil {
			next(nc, sub, err)
		}
	})
}

func (h *health) deny(err *DeniedError) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.denied[err.Subject] = denial{err, time.Now()}
}

// allow ends the denials of subjects with one of the prefixes.
func (h *health) allow(prefixes []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.denied, func(subject string, _ denial) bool { return hasPrefix(subject, prefixes) })
}

func hasPrefix(subject string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(subject, p) })
}

// Denied returns what the broker denies this process now: until it was allowed once, or is asked
// for no more.
func (l *Log) Denied() []*DeniedError {
	l.health.mu.Lock()
	defer l.health.mu.Unlock()
	maps.DeleteFunc(l.health.denied, func(subject string, d denial) bool {
		return strings.HasPrefix(subject, "$JS.") && time.Since(d.at) > repeatsWithin
	})
	var all []*DeniedError
	for _, subject := range slices.Sorted(maps.Keys(l.health.denied)) {
		all = append(all, l.health.denied[subject].err)
	}
	return all
}

// deniableCalls are the calls under way over one connection.
type deniableCalls struct {
	mu    sync.Mutex
	under map[*deniableCall]struct{}
}

// deniableCall is a call that ends when the broker denies a subject with one of the prefixes.
type deniableCall struct {
	prefixes []string
	cancel   context.CancelCauseFunc
}

func (c *deniableCalls) deny(err *DeniedError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for call := range c.under {
		if hasPrefix(err.Subject, call.prefixes) {
			call.cancel(err)
		}
	}
}

// Deniable returns a context for a call that publishes on subjects with one of the prefixes. It
// ends as soon as the broker denies one. The caller passes the call's error to done, which
// returns the denial in its place where there was one.
func (l *Log) Deniable(ctx context.Context, prefixes ...string) (calling context.Context, done func(error) error) {
	calling, cancel := context.WithCancelCause(ctx)
	call := &deniableCall{prefixes, cancel}
	l.calls.mu.Lock()
	l.calls.under[call] = struct{}{}
	l.calls.mu.Unlock()
	return calling, func(err error) error {
		l.calls.mu.Lock()
		delete(l.calls.under, call)
		l.calls.mu.Unlock()
		denied, isDenied := errors.AsType[*DeniedError](context.Cause(calling))
		cancel(nil)
		switch {
		case err == nil:
			l.health.allow(prefixes)
		case isDenied:
			return denied
		}
		return err
	}
}

// family is the prefix of a subject and of those that are granted with it.
func family(subject string) string {
	first, _, _ := strings.Cut(subject, ".")
	return first + "."
}
