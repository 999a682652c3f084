package ingest_test

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/cmd/citytally/docs/docstest"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/token"
	"github.com/citytally/citytally/transform"
)

var update = flag.Bool("update", false, "write the documentation anew")

// TestRouteMatrix asks every address that the gateway's own router has, as everybody, about one
// area: nobody but those who may see its figure does. The answers stand in the documentation.
func TestRouteMatrix(t *testing.T) {
	const area, figureOfArea = "320812", "987654321"
	h := open(t, withDeadlines(t))
	h.transform(transform.WithScores(scoresOf(area)))
	submission := h.accepted(area, figure(area, figureOfArea))
	h.accepted("320804", figure("320804", "7"))
	cat, err := catalogue.Parse([]byte(catalogueText))
	check(t, err)
	analyst, _, err := token.Create(t.Context(), h.log, cat, token.Holder{Area: token.AnyArea, Role: token.Analyst, Name: "research"},
		event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}, time.Now())
	check(t, err)
	h.eventually("the analyst's token is known", func() bool {
		return h.do("GET", "/v1/catalogue", "", map[string]string{"Authorization": "Bearer " + analyst}, "").status == http.StatusOK
	})
	senders := []struct {
		name, token string
		foreign     bool // from a page of another site
		sees        bool // may see the area's figure
	}{
		{"nobody", "", false, false}, {"no token", "x", false, false}, {"320812", h.token(area), false, true}, {"320804", h.token("320804"), false, false},
		{"bureau", h.token(token.AnyArea), false, true}, {"analyst", analyst, false, true}, {"cross-site", h.token(token.AnyArea), true, false},
	}
	var table strings.Builder
	table.WriteString("| address |")
	for _, sender := range senders {
		table.WriteString(" " + sender.name + " |")
	}
	table.WriteString("\n|---|" + strings.Repeat("---|", len(senders)) + "\n")
	client := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	fill := strings.NewReplacer("{id}", submission.ID, "{dataset}", "sti-annual", "{indicator}", "hnte_valid", "{period}", "2021", "{version}", "x", "{name}", "x", "{file}", "x", "{$}", "")
	queries := map[string]string{
		"/v1/submissions": "area=" + area, "/v1/templates/{dataset}": "area=" + area + "&period=2021", "/v1/figures": "period=2021&area=" + area,
		"/v1/figures/{indicator}/{period}": "area=" + area, "/v1/totals": "period=2021", "/v1/obligations": "area=" + area, "/v1/scores": "area=" + area, "/v1/calendar.ics": "area=" + area,
		"/figures": "period=2021", "/totals": "period=2021",
	}
	bodies := map[string]string{"/v1/submissions/{id}/explanations": `{"text":"x"}`, "/v1/submissions/{id}/decisions": `{"decision":"release","reason":"x"}`}
	routes := h.gateway.Routes()
	slices.SortFunc(routes, func(a, b string) int { // what ends sessions comes last
		return cmp.Or(cmp.Compare(strings.Count(a, "sign-out"), strings.Count(b, "sign-out")), cmp.Compare(a, b))
	})
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		fmt.Fprintf(&table, "| %s %s |", method, strings.ReplaceAll(path, "{$}", ""))
		for _, sender := range senders {
			body := ""
			if method == http.MethodPost && path == "/v1/submissions" {
				body = figure(area, "1") // of another value, so that nothing is repeated
			}
			if sent, ok := bodies[path]; ok {
				body = sent
			}
			query := queries[path]
			if method == http.MethodPost {
				query = ""
				if path == "/v1/submissions" {
					query = "dry_run=true" // what it would do tells the figure in force too
				}
			}
			request, err := http.NewRequestWithContext(t.Context(), method, h.base+fill.Replace(path)+"?"+query, strings.NewReader(body))
			check(t, err)
			if sender.token != "" {
				request.Header.Set("Authorization", "Bearer "+sender.token)
				if !strings.HasPrefix(path, "/v1/") && path != "/healthz" && path != "/readyz" && sender.token != "x" {
					request.AddCookie(h.session(client, sender.token))
				}
			}
			if sender.foreign {
				request.Header.Set("Sec-Fetch-Site", "cross-site")
				request.Header.Set("Origin", "https://evil.example")
			}
			if strings.HasSuffix(path, "/changes") || path == "/changes" {
				request.Header.Set("Accept", "text/event-stream")
			}
			status, leaked := asked(t, client, request, figureOfArea)
			if status == http.StatusTooManyRequests {
				status = http.StatusUnauthorized // the same refusal, of an address with many of them
			}
			mark := strconv.Itoa(status)
			if leaked {
				mark += " **yes**"
			}
			if sumOfOthers := strings.HasPrefix(path, "/totals/"); leaked && !sender.sees && !sumOfOthers { // of two areas that is the other's figure
				t.Errorf("%s: %s sees the figure of %s", route, sender.name, area)
			}
			if sender.foreign && status != http.StatusForbidden {
				t.Errorf("%s: a page of another site is answered with %d", route, status)
			}
			table.WriteString(" " + mark + " |")
		}
		table.WriteString("\n")
	}
	docstest.Section(t, "../cmd/citytally/docs/access.md", "routes", table.String(), *update)
}

// session signs in on the page, and returns the cookie; an empty one for no token.
func (h *house) session(client *http.Client, secret string) *http.Cookie {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.base+"/sign-in", strings.NewReader("token="+secret))
	check(h.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	check(h.t, err)
	check(h.t, response.Body.Close())
	for _, cookie := range response.Cookies() {
		if cookie.Value != "" {
			return cookie
		}
	}
	return &http.Cookie{Name: "none", Value: "none"}
}

// asked returns the status of an answer, and whether its first part has the text. A stream of
// events that has nothing to tell yet is not waited for.
func asked(t *testing.T, client *http.Client, request *http.Request, text string) (status int, has bool) {
	t.Helper()
	response, err := client.Do(request)
	check(t, err)
	defer response.Body.Close()
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return response.StatusCode, false
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	check(t, err)
	return response.StatusCode, strings.Contains(string(body), text)
}
