package ingest

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/citytally/citytally/ingest/token"
)

// authorize calls next for a request whose bearer token is in force, and refuses others. An
// address whose tokens fail again and again gets 429, which costs next to nothing; a token that
// is in force is let in from there all the same, for others may share the address.
func (g *Gateway) authorize(next authorized) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		scheme, presented, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return g.deny(w, r, "missing", errNoToken)
		}
		who, err := g.identify(w, r, token.FingerprintOf(strings.TrimSpace(presented)))
		if err != nil {
			return err
		}
		return next(w, r, who)
	}
}

// identify returns the holder of a token that is presented, or the problem.
func (g *Gateway) identify(w http.ResponseWriter, r *http.Request, f token.Fingerprint) (token.Holder, error) {
	who, err := g.tokens.LookupFingerprint(f, time.Now())
	switch {
	case err == nil:
		know(r, &who)
		return who, nil
	case errors.Is(err, token.ErrUncertain):
		g.metrics.denied.WithLabelValues("uncertain").Inc()
		w.Header().Set("Retry-After", retryAfterBroker)
		// It may be a guess, and counts as one; whoever has a token is let in afterwards all the same.
		if g.attempts.Fail(r.RemoteAddr, time.Now()) == 0 {
			g.logger.Warn().Err(err).Str("request", w.Header().Get(requestIDHeader)).Msg("nobody can say whether a token is in force")
		}
		// What is wrong with which file of the server is no client's business; readiness says it.
		return token.Holder{}, newProblem(http.StatusServiceUnavailable, codeUnavailable,
			"目前无法确认令牌是否仍然有效，未接收任何数据，请稍后重试", token.ErrUncertain.Error()+", and nothing was taken; try again later")
	case errors.Is(err, token.ErrExpired):
		return token.Holder{}, g.deny(w, r, "expired", err)
	case errors.Is(err, token.ErrRevoked):
		return token.Holder{}, g.deny(w, r, "revoked", err)
	}
	return token.Holder{}, g.deny(w, r, "unknown", err)
}

// stillIn returns the problem of a holder whose token has ended since the request began: a body may
// take minutes to arrive, and a token that ends ends at once.
func (g *Gateway) stillIn(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	f, ok := who.Presented()
	if !ok {
		return nil
	}
	now, err := g.identify(w, r, f)
	if err == nil && now != who {
		return g.deny(w, r, "changed", token.ErrUnknown)
	}
	return err
}

var errNoToken = errors.New("the token is missing")

// deny counts a request without a token in force, and returns its answer.
func (g *Gateway) deny(w http.ResponseWriter, r *http.Request, reason string, err error) error {
	g.metrics.denied.WithLabelValues(reason).Inc()
	if wait := g.attempts.Fail(r.RemoteAddr, time.Now()); wait > 0 {
		seconds := strconv.Itoa(int(wait/time.Second) + 1)
		w.Header().Set("Retry-After", seconds)
		return newProblem(http.StatusTooManyRequests, codeTooMany,
			"令牌多次无效，请核对令牌后于 "+seconds+" 秒后重试", "too many requests from this address without a token in force; check the token and try again in "+seconds+" s")
	}
	g.logger.Warn().Str("address", r.RemoteAddr).Str("reason", reason).Str("path", r.URL.Path).
		Str("request", w.Header().Get(requestIDHeader)).Msg("request without a token in force")
	challenge := `Bearer realm="citytally"`
	if reason != "missing" {
		challenge += `, error="invalid_token"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	return newProblem(http.StatusUnauthorized, codeUnauthorized,
		"缺少令牌或令牌无效、过期、已撤销；请在请求头中加 Authorization: Bearer <本地区的令牌>",
		err.Error()+"; send the header Authorization: Bearer <your area's token>")
}
