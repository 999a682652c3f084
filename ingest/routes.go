package ingest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// handler answers a request, or returns why not: a *Problem as it is, anything
// else as an internal error that is logged.
type handler func(w http.ResponseWriter, r *http.Request) error

// authorized is a handler that knows who asks.
type authorized func(w http.ResponseWriter, r *http.Request, who holder) error

func (g *Gateway) routes() http.Handler {
	mux := http.NewServeMux()
	route := func(method, path string, h handler, parameters ...string) {
		mux.Handle(method+" "+path, g.handle(strictQuery(h, parameters...)))
		mux.Handle(path, g.handle(func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Allow", method)
			return newProblem(http.StatusMethodNotAllowed, codeMethod, "此地址只接受 "+method, "this address takes "+method+" only")
		}))
	}
	route("POST", "/v1/submissions", g.authorize(g.submit), "area", "dataset", "file", "reason")
	route("GET", "/v1/submissions/{id}", g.authorize(g.get))
	route("GET", "/v1/catalogue", g.authorize(g.getCatalogue))
	route("GET", "/v1/areas", g.authorize(g.getAreas))
	route("GET", "/healthz", healthy)
	route("GET", "/readyz", g.readiness)
	mux.Handle("/", g.handle(func(http.ResponseWriter, *http.Request) error {
		return newProblem(http.StatusNotFound, codeNotFound,
			"没有此地址；报送数据请用 POST /v1/submissions", "nothing here; to submit figures POST to /v1/submissions")
	}))
	return g.guard(mux)
}

// authorize lets a request in whose bearer token is known.
func (g *Gateway) authorize(next authorized) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		g.refreshTokens()
		scheme, presented, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		challenge := `Bearer realm="citytally"`
		if strings.EqualFold(scheme, "Bearer") {
			if who, ok := g.tokens.lookup(strings.TrimSpace(presented)); ok {
				return next(w, r, who)
			}
			challenge += `, error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		return newProblem(http.StatusUnauthorized, codeUnauthorized,
			"缺少令牌或令牌无效；请在请求头中加 Authorization: Bearer <本地区的令牌>",
			"the token is missing or unknown; send the header Authorization: Bearer <your area's token>")
	}
}

func (g *Gateway) refreshTokens() {
	changed, err := g.tokens.reload()
	switch {
	case err != nil:
		g.logger.Warn().Err(err).Msg("tokens file cannot be read; the tokens stay as they were")
	case changed:
		g.logger.Info().Msg("tokens file read again")
	}
}

// get answers with the receipt and the verdict of one submission. To others
// than its area it does not exist.
func (g *Gateway) get(w http.ResponseWriter, r *http.Request, who holder) error {
	if err := g.available(w); err != nil {
		return err
	}
	unknown := newProblem(http.StatusNotFound, codeNotFound,
		"没有该编号的报送记录，或该记录不属于此令牌的地区", "no submission has this id, or it is not of this token's area")
	id, err := event.ParseSubmissionID(r.PathValue("id"))
	if err != nil {
		return unknown
	}
	receipt, err := g.receipt(r.Context(), id)
	if errors.Is(err, errUnknown) {
		return unknown
	}
	if err != nil {
		return g.unavailable(w, err)
	}
	if !who.may(receipt.Area) {
		return unknown
	}
	return writeJSON(w, http.StatusOK, receipt)
}

func (g *Gateway) getCatalogue(w http.ResponseWriter, r *http.Request, _ holder) error {
	tag := `"` + g.catalogue.Version() + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return writeJSON(w, http.StatusOK, struct {
		Version string `json:"version"`
		*catalogue.Catalogue
	}{g.catalogue.Version(), g.catalogue})
}

func (g *Gateway) getAreas(w http.ResponseWriter, _ *http.Request, _ holder) error {
	return writeJSON(w, http.StatusOK, map[string]any{"city": g.catalogue.City, "areas": g.catalogue.Areas})
}

func healthy(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *Gateway) readiness(w http.ResponseWriter, r *http.Request) error {
	if err := g.available(w); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := g.ready(ctx); err != nil {
		w.Header().Set("Retry-After", retryAfterASecond)
		return newProblem(http.StatusServiceUnavailable, codeUnavailable, "系统尚未就绪："+err.Error(), "not ready: "+err.Error())
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// available returns a problem when requests cannot be served right now.
func (g *Gateway) available(w http.ResponseWriter) error {
	unavailable := func(after, zh, en string) error {
		w.Header().Set("Retry-After", after)
		return newProblem(http.StatusServiceUnavailable, codeUnavailable, zh, en)
	}
	select {
	case <-g.draining:
		return unavailable(retryAfterTheBroker, "系统正在停止，请稍后重试", "the gateway is stopping; try again later")
	default:
	}
	switch {
	case !g.log.Connected():
		return unavailable(retryAfterTheBroker, "消息服务暂不可用，未接收任何数据，请稍后重试", "the broker is away and nothing was taken; try again later")
	case !g.index.caughtUp():
		return unavailable(retryAfterASecond, "系统正在启动，请稍后重试", "the gateway is starting; try again in a second")
	}
	return nil
}

// unavailable is for an error of the broker in the middle of a request.
func (g *Gateway) unavailable(w http.ResponseWriter, cause error) error {
	g.logger.Warn().Err(cause).Msg("broker does not answer")
	w.Header().Set("Retry-After", retryAfterTheBroker)
	return newProblem(http.StatusServiceUnavailable, codeUnavailable,
		"消息服务暂不可用，请稍后原样重发；重复发送不会重复计算", "the broker is away; send the same again later, repeating it is harmless")
}
