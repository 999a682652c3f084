package ingest

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/openapi"
	"github.com/citytally/citytally/ingest/page"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// handler answers a request or returns an error. A *Problem becomes the answer as it is;
// any other error is logged and answered as an internal one.
type handler func(w http.ResponseWriter, r *http.Request) error

// authorized is a handler of requests with a known token.
type authorized func(w http.ResponseWriter, r *http.Request, who token.Holder) error

func (g *Gateway) routes(pages *page.Page) http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	route := func(method, path string, h handler, parameters ...string) {
		g.known = append(g.known, method+" "+path)
		mux.Handle(method+" "+path, g.handle(strictQuery(h, parameters...)))
		methods[path] = append(methods[path], method)
		if method == http.MethodGet {
			methods[path] = append(methods[path], http.MethodHead)
		}
	}
	route("POST", "/v1/submissions", g.authorize(g.submit), "area", "dataset", "period", "sheet", "file", "reason", "again", "dry_run")
	route("GET", "/v1/submissions", g.authorize(g.list), "area", "dataset", "status", "limit", "before")
	route("GET", "/v1/submissions/{id}", g.authorize(g.get), "format", "lang", "place")
	route("GET", "/v1/submissions/{id}/original", g.authorize(g.getOriginal))
	route("POST", "/v1/submissions/{id}/explanations", g.authorize(g.explain))
	route("POST", "/v1/submissions/{id}/decisions", g.authorize(g.decideHolds))
	route("GET", "/v1/holds", g.authorize(g.listHolds), "area", "state", "submission", "dataset", "indicator", "period", "limit", "before")
	route("GET", "/v1/holds/{id}", g.authorize(g.getHold))
	route("GET", "/v1/templates/{dataset}", g.authorize(g.getTemplate), "area", "period", "format", "lang")
	route("GET", "/v1/figures", g.authorize(g.getFigures), "area", "dataset", "period")
	route("GET", "/v1/figures/{indicator}/{period}", g.authorize(g.getHistory), "area")
	route("GET", "/v1/totals", g.authorize(g.getTotals), "period")
	route("GET", "/v1/catalogue", g.authorize(g.getCatalogue))
	route("GET", "/v1/areas", g.authorize(g.getAreas))
	route("GET", "/v1/scores", g.authorize(g.getScores), "area", "year")
	if g.loadCalendar != nil {
		route("GET", "/v1/obligations", g.authorize(g.getObligations), "area", "from", "to")
		route("GET", "/v1/calendar.ics", withPassword(g.authorize(g.getFeed)), "area", "lang")
	}
	route("GET", "/healthz", healthy)
	route("GET", "/readyz", g.readiness)
	pages.Routes(func(pattern string, h http.Handler) {
		g.known = append(g.known, pattern)
		mux.Handle(pattern, h)
	})
	route("GET", "/openapi.yaml", getDocument)
	route("GET", "/openapi", getPage)
	for path, known := range methods {
		mux.Handle(path, g.handle(otherMethod(append(known, http.MethodOptions))))
	}
	nowhere := pages.NotFound()
	mux.Handle("/", g.handle(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Add("Vary", "Accept")
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			nowhere.ServeHTTP(w, r)
			return nil
		}
		return newProblem(http.StatusNotFound, codeNotFound,
			"没有此地址；报送数据请用 POST /v1/submissions，接口说明见 /openapi", "nothing here; to submit figures POST to /v1/submissions, and see /openapi for the others")
	}))
	return g.guard(mux)
}

// Routes returns the method and the path of everything that the gateway answers, as its router has
// them. Other methods of a path are refused, and so are other paths.
func (g *Gateway) Routes() []string { return slices.Clone(g.known) }

// otherMethod answers OPTIONS, and refuses the methods that an address does not take.
func otherMethod(known []string) handler {
	allow := strings.Join(known, ", ")
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allow)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return newProblem(http.StatusMethodNotAllowed, codeMethod, "此地址只接受 "+allow, "this address takes "+allow+" only")
	}
}

func getDocument(w http.ResponseWriter, r *http.Request) error {
	return writeTagged(w, r, "application/yaml", openapi.Document())
}

func getPage(w http.ResponseWriter, r *http.Request) error {
	page, style := openapi.Page()
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; style-src '"+style+"'")
	return writeTagged(w, r, "text/html; charset=utf-8", page)
}

// get answers with the receipt and the verdict of one submission.
func (g *Gateway) get(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	receipt, err := g.receiptFor(w, r, who)
	if err != nil {
		return err
	}
	format, err := wordOf(r.URL.Query(), "format", "json", "xlsx")
	if err != nil {
		return err
	}
	if format == "xlsx" {
		return g.writeVerdict(w, r, who, &receipt)
	}
	if receipt.Original, err = g.originalOf(r.Context(), receipt.Sequence); err != nil {
		return g.unavailableProblem(w, err)
	}
	id, _ := event.ParseSubmissionID(receipt.ID) // it was found by it
	g.setPlace(r.Context(), &receipt)
	receipt.Life = g.lifeOf(r.Context(), &receipt, id)
	if receipt.Earlier, err = g.earlier(r.Context(), id, receipt.Sequence); err != nil {
		return g.unavailableProblem(w, err)
	}
	all := []*Receipt{&receipt}
	for i := range receipt.Earlier {
		all = append(all, &receipt.Earlier[i])
	}
	g.stand(r.Context(), all...)
	return writeTaggedJSON(w, r, receipt)
}

// receiptFor returns the receipt that a request names. For a token of another area the problem is
// the same as for a submission that does not exist.
func (g *Gateway) receiptFor(w http.ResponseWriter, r *http.Request, who token.Holder) (Receipt, error) {
	if err := g.checkAvailable(w); err != nil {
		return Receipt{}, err
	}
	unknown := newProblem(http.StatusNotFound, codeNotFound,
		"没有该编号的报送记录，或该记录不属于此令牌的地区", "no submission has this id, or it is not of this token's area")
	id, err := event.ParseSubmissionID(r.PathValue("id"))
	if err != nil {
		return Receipt{}, unknown
	}
	receipt, err := g.receiptSeenBy(r.Context(), who, id)
	if errors.Is(err, errNoSubmission) || err == nil {
		if err := g.checkPlace(r.Context(), w, who, id, r.URL.Query().Get("place")); err != nil {
			return Receipt{}, err
		}
	}
	if errors.Is(err, errNoSubmission) {
		if identity, err := g.identity(r.Context()); err == nil && identity.Generation > 1 {
			unknown.DetailZH += "；服务器的数据曾由备份恢复或重建，其间的报送可能已丢失，请重新报送"
			unknown.Detail += "; the log was put back from a backup, or a stream of it created anew, and what was sent in between may be lost: send it again"
		}
		return Receipt{}, unknown
	}
	if err != nil {
		return Receipt{}, g.unavailableProblem(w, err)
	}
	return receipt, nil
}

func (g *Gateway) getCatalogue(w http.ResponseWriter, r *http.Request, _ token.Holder) error {
	return writeTaggedJSON(w, r, struct {
		Version string `json:"version"`
		*catalogue.Catalogue
	}{g.catalogue().Version(), g.catalogue()})
}

func (g *Gateway) getAreas(w http.ResponseWriter, r *http.Request, _ token.Holder) error {
	return writeTaggedJSON(w, r, map[string]any{"city": g.catalogue().City, "areas": g.catalogue().Areas})
}

func healthy(w http.ResponseWriter, _ *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *Gateway) readiness(w http.ResponseWriter, r *http.Request) error {
	if err := g.checkAvailable(w); err != nil {
		return err
	}
	if err := g.checkIntake(r.Context(), w); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := g.ready(ctx); err != nil {
		w.Header().Set("Retry-After", retryAfterStart)
		return newProblem(http.StatusServiceUnavailable, codeUnavailable, "系统尚未就绪："+err.Error(), "not ready: "+err.Error())
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

// checkAvailable returns a problem while submissions cannot be served.
func (g *Gateway) checkAvailable(w http.ResponseWriter) error {
	unavailable := func(after, zh, en string) error {
		w.Header().Set("Retry-After", after)
		return newProblem(http.StatusServiceUnavailable, codeUnavailable, zh, en)
	}
	select {
	case <-g.draining:
		return unavailable(retryAfterBroker, "系统正在停止，请稍后重试", "the gateway is stopping; try again later")
	default:
	}
	switch outage := g.log.Outage(); {
	case stream.IsFullDisk(outage):
		return unavailable(retryAfterBroker, fullDiskZH, fullDiskEN)
	case outage != nil:
		return unavailable(retryAfterBroker, "消息服务暂不可用，未接收任何数据，请稍后重试", "the broker is away and nothing was taken; try again later")
	case !g.index.caughtUp() || !g.tokens.Current():
		return unavailable(retryAfterStart, "系统正在启动，请稍后重试", "the gateway is starting; try again in a second")
	}
	return nil
}

// checkIntake returns a problem while nothing is taken in.
func (g *Gateway) checkIntake(ctx context.Context, w http.ResponseWriter) error {
	if held := g.log.IntakeHeld(ctx); held != nil {
		return heldProblem(w, held)
	}
	return nil
}

// heldProblem says why nothing is taken in.
func heldProblem(w http.ResponseWriter, held *stream.HeldError) error {
	zh, after := "系统正在核对数据，暂未接收，请稍后重试", retryAfterStart
	if len(held.Streams) > 0 {
		zh, after = "服务器的数据（"+strings.Join(held.Streams, "、")+"）缺失了末尾部分，为避免覆盖，在运维人员处理之前暂停接收，未存储任何数据；请通知运维人员（citytally status 说明原因和处理办法），之后原样重发，重复发送不会重复计算", retryAfterHeld
	}
	w.Header().Set("Retry-After", after)
	return newProblem(http.StatusServiceUnavailable, codeUnavailable, zh, "nothing was stored: "+held.Error())
}

// What a client is told while the broker's disk is full.
const (
	fullDiskZH = "服务器磁盘已满，未接收任何数据，请通知运维人员，稍后原样重发；重复发送不会重复计算"
	fullDiskEN = "the server's disk is full and nothing was taken; tell those who run it, and send the same again later, repeating it is harmless"
)

// unavailableProblem logs an error of the broker in the middle of a request, and returns
// the answer.
func (g *Gateway) unavailableProblem(w http.ResponseWriter, cause error) error {
	if denied, ok := errors.AsType[*stream.DeniedError](cause); ok {
		g.logger.Error().Err(cause).Msg("the broker denies the gateway its work")
		return newProblem(http.StatusInternalServerError, codeInternal,
			"消息系统拒绝了网关的操作，未接收任何数据，请通知运维人员："+denied.Error(), "nothing was taken; tell those who run it: "+denied.Error())
	}
	if held, ok := errors.AsType[*stream.HeldError](cause); ok {
		return heldProblem(w, held)
	}
	w.Header().Set("Retry-After", retryAfterBroker)
	if stream.IsFullDisk(cause) || stream.IsFullDisk(g.log.Outage()) {
		g.logger.Error().Err(cause).Str("what_to_do", "free disk space; it goes on by itself").Msg("the broker's disk is full")
		return newProblem(http.StatusServiceUnavailable, codeUnavailable, fullDiskZH, fullDiskEN)
	}
	g.logger.Warn().Err(cause).Msg("broker does not answer")
	return newProblem(http.StatusServiceUnavailable, codeUnavailable,
		"消息服务暂不可用，请稍后原样重发；重复发送不会重复计算", "the broker is away; send the same again later, repeating it is harmless")
}
