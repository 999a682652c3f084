package page_test

import (
	"bufio"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/judge"
)

var annual = map[string]string{"dataset": "sti-annual"}

func TestFileIsLookedAtAndSent(t *testing.T) {
	v := open(t).visitor("en").signIn("320812")
	looked := v.drop("2021.csv", csv("gdp,2021,813.41", "rd_expenditure,2021,1O.5"), annual).
		wants(t, http.StatusOK, "What was read", "2 figures", "2021.csv", "813.41", "1O.5", "Nothing was sent yet", "letter O", `class="effect new"`, "Totals of the city that would move", "none yet", "813.41 亿元 (final)", "1/8")
	v.get("/").wants(t, http.StatusOK, "Nothing has been sent yet")
	v.confirm(looked, nil).wants(t, http.StatusOK, `class="status partial"`, "Partly accepted", "letter O", `class="effect new"`, "Send it again, mended")

	mended := v.drop("2021.csv", csv("gdp,2021,813.41", "rd_expenditure,2021,10.5"), annual)
	sent := v.confirm(mended, nil).wants(t, http.StatusOK, `class="status accepted"`, `class="effect unchanged"`)
	v.confirm(v.drop("2021.csv", csv("gdp,2021,813.41", "rd_expenditure,2021,10.5"), annual), nil).
		wants(t, http.StatusOK, "The same was sent before")
	v.get("/").wants(t, http.StatusOK, "Partly accepted", "Accepted", "2/2", "1/2")
	v.confirm(v.drop("2021.csv", csv("gdp,2021,900"), annual), nil).wants(t, http.StatusOK, "813.41 (final) → 900 (final)")

	other := v.city.visitor("zh-CN").signIn("320804")
	other.get(sent.path).wants(t, http.StatusNotFound, "没有该编号")
	other.get("/").wants(t, http.StatusOK, "还没有报送记录")
}

// The cells of a wide table stand in one row and have effects of their own; the rows of the table
// on the page are cut out of it by their cell's name.
func TestEveryCellHasItsOwnEffect(t *testing.T) {
	v := open(t).visitor("en").signIn("320812")
	looked := v.drop("wide.csv", "indicator,2026-Q1,2026-S1,2026-YTD08\ngdp,200.1,410,630.5\n", map[string]string{"dataset": "sti-quarterly"})
	sent := v.confirm(looked, nil)
	for _, on := range []shown{looked, sent} {
		on.wants(t, http.StatusOK, `<li class="effect new"><strong>2</strong>`, `<li class="effect refused"><strong>1</strong>`)
		for cell, effect := range map[string]string{"B2": "new", "C2": "new", "D2": "refused"} {
			_, row, _ := strings.Cut(on.text, ">"+cell+"<")
			row, _, _ = strings.Cut(row, "</tr>")
			if !strings.Contains(row, `<span class="effect `+effect+`">`) {
				t.Errorf("%s is not told as %s:\n%s", cell, effect, row)
			}
		}
	}
}

func TestJanuaryIsOfferedOnce(t *testing.T) {
	v := open(t).visitor("zh").signIn("320812")
	if n := strings.Count(v.get("/figures?dataset=sti-monthly&period=2025-05").text, ">2025年1月<"); n != 1 {
		t.Errorf("January is offered %d times", n)
	}
	v.get("/figures?dataset=sti-annual").wants(t, http.StatusOK, ">2010年<")
}

// Most tables of a month or quarter do not say their period, so that its field is seen before a file is refused.
func TestPeriodIsAskedForBeforeAFileIsRefused(t *testing.T) {
	for language, label := range map[string]string{"zh": ">报告期<", "en": ">Period<"} {
		home := open(t).visitor(language).signIn("320812").get("/").text
		_, form, _ := strings.Cut(home, `action="/check"`)
		if usual, _, _ := strings.Cut(form, "<details"); !strings.Contains(usual, label) || !strings.Contains(usual, `name="period"`) {
			t.Errorf("%s: the field of the period is among the less usual ones:\n%s", language, form)
		}
	}
}

func TestFileThatCannotBeReadIsAskedAbout(t *testing.T) {
	v := open(t).visitor("zh").signIn("320812")
	asked := v.drop("表.csv", "指标,数值\n地区生产总值,813.41\n", annual).wants(t, http.StatusUnprocessableEntity, "无法读取这个文件", `name="held"`)
	v.drop("", "", map[string]string{"dataset": "sti-annual", "held": strings.TrimPrefix(asked.path, "/check/"), "period": "2021年"}).
		wants(t, http.StatusOK, "读取结果", "813.41", "2021年")
	v.drop("表.csv", "2021年科技创新年报,\n指标,数值\n地区生产总值,813.41\n", annual).wants(t, http.StatusUnprocessableEntity, `<details open>`, `name="period" value="2021年"`)
	passedOver := v.drop("表.csv", "2021年科技创新年报,,\n填报人,指标,报告期,数值\n张三,地区生产总值,2021,3.41\n", annual).wants(t, http.StatusOK, "请核对未读的部分", "填报人", `<bdi>3.41</bdi> <bdi class="unit">亿元</bdi>`)
	v.drop("全市.csv", "地区,指标,报告期,数值\n清江浦区,地区生产总值,2021,3.41\n淮阴区,地区生产总值,2021,3.5\n", annual).wants(t, http.StatusOK, `<td role="cell" colspan="4" class="cell inform">`)
	if before, _, _ := strings.Cut(passedOver.text, "填报人"); strings.Count(before, "<details") != strings.Count(before, "</details>") {
		t.Errorf("a column that is passed over is hidden:\n%s", passedOver.text)
	}
	v.drop("empty.csv", "", annual).wants(t, http.StatusUnprocessableEntity, "没有选择文件")
	v.get("/check/nothing").wants(t, http.StatusGone, "不在服务器上")
	v.drop("large.csv", csv(strings.Repeat("gdp,2021,1\n", 1<<20)), annual).wants(t, http.StatusRequestEntityTooLarge, "文件过大")
}

func TestSessions(t *testing.T) {
	c := open(t)
	v := c.visitor("en")
	v.get("/").wants(t, http.StatusOK, `type="password"`)
	v.get("/submissions/0").wants(t, http.StatusOK, `type="password"`)
	v.post("/sign-in", url.Values{"token": {"ct_wrong"}}).wants(t, http.StatusUnauthorized, "not in force", `aria-invalid="true"`)

	// What a browser brings is never taken over as a session.
	u, _ := url.Parse(c.base)
	v.client.Jar.SetCookies(u, []*http.Cookie{{Name: "citytally", Value: "chosen-by-somebody-else"}})
	v.signIn("320812")
	first := v.client.Jar.Cookies(u)[0].Value
	v.signIn("320812")
	if second := v.client.Jar.Cookies(u)[0].Value; first == "chosen-by-somebody-else" || second == first {
		t.Errorf("session ids %q, %q: want a new one at each sign-in", first, second)
	}
	stale := c.visitor("en")
	stale.client.Jar.SetCookies(u, []*http.Cookie{{Name: "citytally", Value: first}})
	stale.get("/").wants(t, http.StatusOK, `type="password"`, "You have been signed out")

	second := v.client.Jar.Cookies(u)[0].Value
	v.post("/sign-out", nil).wants(t, http.StatusOK, `type="password"`)
	stale.client.Jar.SetCookies(u, []*http.Cookie{{Name: "citytally", Value: second}})
	stale.get("/").wants(t, http.StatusOK, `type="password"`)

	// A token that is taken away takes its sessions along.
	v.signIn("320812")
	text, err := os.ReadFile(c.path)
	check(t, err)
	check(t, os.WriteFile(c.path, []byte(strings.Replace(string(text), c.token("320812"), "ct_another-token-in-its-place", 1)), 0o600))
	v.get("/").wants(t, http.StatusOK, "You have been signed out")
}

func TestCookieIsOutOfReach(t *testing.T) {
	c := open(t)
	for _, test := range []struct{ forwarded, name, more string }{
		{"", "citytally=", "; Path=/; HttpOnly; SameSite=Strict"},
		{"https", "__Host-citytally=", "; Path=/; HttpOnly; Secure; SameSite=Strict"},
	} {
		v := c.visitor("en")
		v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if test.forwarded != "" {
			v.header.Set("X-Forwarded-Proto", test.forwarded)
		}
		set := v.post("/sign-in", url.Values{"token": {c.token("320812")}}).wants(t, http.StatusSeeOther).header.Get("Set-Cookie")
		if !strings.HasPrefix(set, test.name) || !strings.HasSuffix(set, test.more) {
			t.Errorf("forwarded %q: cookie %q", test.forwarded, set)
		}
	}
}

func TestWrongTokensAreSlowed(t *testing.T) {
	v := open(t).visitor("en")
	for range 20 {
		v.post("/sign-in", url.Values{"token": {"ct_wrong"}}).wants(t, http.StatusUnauthorized)
	}
	v.post("/sign-in", url.Values{"token": {"ct_wrong"}}).wants(t, http.StatusTooManyRequests, "too many requests")
	v.signIn("320812")
}

func TestForeignPagesAreKeptOut(t *testing.T) {
	v := open(t).visitor("en").signIn("320812")
	v.header.Set("Sec-Fetch-Site", "cross-site")
	for _, path := range []string{"/sign-in", "/sign-out", "/send", "/check", "/language", "/area"} {
		v.post(path, url.Values{"token": {v.token("320812")}}).wants(t, http.StatusForbidden, "foreign-page")
	}
	v.header.Del("Sec-Fetch-Site")
	v.get("/").wants(t, http.StatusOK, `action="/sign-out"`)
}

func TestLanguages(t *testing.T) {
	c := open(t)
	for languages, want := range map[string]string{
		"": "zh-CN", "zh-TW,zh;q=0.9,en;q=0.8": "zh-CN", "en-GB,en;q=0.9": "en", "de,en;q=0.5": "en", "fr": "zh-CN",
	} {
		c.visitor(languages).get("/").wants(t, http.StatusOK, `<html lang="`+want+`">`)
	}
	v := c.visitor("en")
	v.post("/language", url.Values{"language": {"zh"}, "back": {"/"}}).wants(t, http.StatusOK, `<html lang="zh-CN">`)
	for _, back := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "javascript:alert(1)", "evil"} {
		if s := v.post("/language", url.Values{"language": {"en"}, "back": {back}}); s.path != "/" {
			t.Errorf("back to %q leads to %s", back, s.path)
		}
	}
}

// Text of a file is text on the page, and neither markup nor an instruction to turn the
// direction of writing.
func TestHostileTextIsHarmless(t *testing.T) {
	v := open(t).visitor("en").signIn("320812")
	const hostile = "<script>alert(1)</script>\u202e\u2066\x07"
	looked := v.drop(hostile+`"'.csv`, csv("gdp,2021,"+hostile, hostile+",2021,1", "gdp,"+hostile+",2"), annual)
	for _, s := range []shown{looked, v.confirm(looked, nil), v.get("/"), v.get("/check/" + url.PathEscape(hostile))} {
		if strings.Contains(s.text, "<script>alert") || strings.ContainsAny(s.text, "\u202e\u2066\x07") {
			t.Errorf("%s:\n%s", s.path, s.text)
		}
		if got := s.header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: policy %q", s.path, got)
		}
	}
	v.confirm(v.drop("a.csv", csv("gdp,2021,1"), annual), url.Values{"reason": {hostile}}).wants(t, http.StatusBadRequest)
}

// A page has nothing inline and loads nothing from elsewhere.
func TestPagesAreSelfContained(t *testing.T) {
	v := open(t).visitor("en")
	pages := []shown{v.get("/")}
	v.signIn("*")
	looked := v.drop("a.csv", csv("gdp,2021,x"), annual)
	pages = append(pages, looked, v.confirm(looked, nil), v.get("/"))
	for _, s := range pages {
		for _, never := range []string{"style=", "onclick", "onload", "<style", "http://", "https://", "javascript:"} {
			if strings.Contains(s.text, never) {
				t.Errorf("%s has %q", s.path, never)
			}
		}
	}
	for _, name := range []string{"style.css", "script.js", "icon.svg"} {
		_, rest, _ := strings.Cut(pages[0].text, `="/assets/`)
		for !strings.Contains(rest[:strings.IndexByte(rest, '"')], name) {
			_, rest, _ = strings.Cut(rest, `="/assets/`)
		}
		path := "/assets/" + rest[:strings.IndexByte(rest, '"')]
		if s := v.get(path).wants(t, http.StatusOK); !strings.Contains(s.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: Cache-Control %q", path, s.header.Get("Cache-Control"))
		}
	}
	v.get("/assets/0/style.css").wants(t, http.StatusNotFound)
}

func TestEveryAreaAndReaders(t *testing.T) {
	c := open(t)
	v := c.visitor("en").signIn("*")
	v.get("/").wants(t, http.StatusOK, `action="/area"`, "Qingjiangpu")
	v.post("/area", url.Values{"area": {"320804"}, "back": {"/"}}).wants(t, http.StatusOK, "<h1>Huaiyin District</h1>")
	v.confirm(v.drop("a.csv", csv("gdp,2021,1"), annual), nil).wants(t, http.StatusOK, "Huaiyin District", `class="status accepted"`)
	c.visitor("en").signIn("320804").post("/area", url.Values{"area": {"320812"}, "back": {"/"}}).wants(t, http.StatusOK, "<h1>Huaiyin District</h1>")
}

func TestOwnFiguresAreCorrected(t *testing.T) {
	v := open(t).visitor("en").signIn("320812")
	v.confirm(v.drop("2020.csv", csv("gdp,2020,700.5"), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	v.confirm(v.drop("2021.csv", "indicator,period,value,stage\ngdp,2021,813.41,estimate\n", annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	v.get("/figures?dataset=sti-annual&period=2021").
		wants(t, http.StatusOK, "700.5 亿元 (final)", "813.41 亿元 (estimate)", `name="figure.gdp"`, `href="/forms/sti-annual?period=2021"`, "gross domestic product")

	typed := v.post("/figures", url.Values{"dataset": {"sti-annual"}, "period": {"2021"}, "figure.gdp": {" 近820 "}, "figure.hnte_valid": {"8x7"}}).
		wants(t, http.StatusOK, "typed on the page (2021)", "Corrections typed on the page, 2 in all.", "813.41 (estimate) → nearly 820 (estimate)", `class="effect refused"`)
	v.confirm(typed, url.Values{"reason": {"census"}}).wants(t, http.StatusOK, `class="status partial"`)
	v.get("/figures/gdp/2021").wants(t, http.StatusOK, "nearly 820 亿元 (estimate)", "813.41 亿元 (estimate)", "census", "typed on the page", "In force")
	v.post("/figures", url.Values{"dataset": {"sti-annual"}, "period": {"2021"}}).wants(t, http.StatusUnprocessableEntity, "No new figure was typed")
	v.get("/figures/nothing/2021").wants(t, http.StatusNotFound)
	v.get("/figures?dataset=nothing&period=nothing").wants(t, http.StatusOK, "annual science")

	form := v.get("/forms/sti-annual?period=2021").wants(t, http.StatusOK)
	if !strings.HasPrefix(form.text, "PK") || !strings.Contains(form.header.Get("Content-Disposition"), "320812") {
		t.Errorf("the form is %q, %v", form.text[:20], form.header)
	}
	v.drop("form.xlsx", form.text, annual).wants(t, http.StatusOK, "Excel workbook")
}

// An area sees its own figures in a total, and of the others what they are together.
func TestTotalsAddUp(t *testing.T) {
	c := open(t)
	v := c.visitor("en").signIn("320812")
	v.confirm(v.drop("a.csv", csv("gdp,2021,100.5", "rd_expenditure,2021,2"), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	for area, figures := range map[string]string{"320804": csv("gdp,2021,50.25", "rd_expenditure,2021,1"), "320803": csv("gdp,2021,49.25", "rd_expenditure,2021,1")} {
		other := c.visitor("en").signIn(area)
		other.confirm(other.drop("b.csv", figures, annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	}
	v.get("/totals?period=2021").wants(t, http.StatusOK, "200.00 亿元 (final)", "100.5 亿元 (final)", "3/8", "not publishable yet", "2.0 % (final)")
	s := v.get("/totals/gdp/2021").wants(t, http.StatusOK, "200.00 亿元", "Qingjiangpu District", "100.5 亿元", "Other areas together", "99.5 亿元", "200 亿元")
	if strings.Contains(s.text, "50.25") || strings.Contains(s.text, "49.25") {
		t.Errorf("the figures of another area are shown:\n%s", s.text)
	}
	v.get("/totals?period=2021").wants(t, http.StatusOK, "on the year", "no figure for the year before")
	v.city.visitor("zh-CN").signIn("320812").get("/totals/gdp/2021").wants(t, http.StatusOK, "比上年", "无上年数")
	c.visitor("en").signIn("*").get("/totals/gdp/2021").wants(t, http.StatusOK, "Qingjiangpu District", "100.5 亿元", "Huaiyin District", "50.25 亿元", "49.25 亿元", "200 亿元")
	v.get("/totals/rd_intensity/2021").wants(t, http.StatusOK, "gross expenditure", "4 亿元", "× 100")
	v.get("/totals/gdp/1999").wants(t, http.StatusNotFound)
}

// Whoever looks at totals is told when they move.
func TestChangesAreTold(t *testing.T) {
	c := open(t)
	v := c.visitor("en").signIn("320812")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/changes", nil)
	check(t, err)
	answer, err := v.client.Do(r)
	check(t, err)
	events := bufio.NewScanner(answer.Body)
	moved := func() {
		t.Helper()
		for events.Scan() {
			if events.Text() == "event: moved" {
				return
			}
		}
		t.Fatalf("the events have ended: %v", events.Err())
	}
	moved()
	other := c.visitor("en").signIn("320804")
	other.confirm(other.drop("b.csv", csv("gdp,2021,50"), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	moved()
	// A decision that came in by another way moves totals, too.
	lock := event.Decision{Kind: event.Lock, Period: "1999", Reason: "公报", Person: event.Person{Name: "王某", Role: event.RoleOperator, Way: event.WayLocal}}
	check(t, judge.Decide(t.Context(), c.log, c.cat, lock, time.Now()))
	moved()
	v.post("/sign-out", nil)
	other.confirm(other.drop("b.csv", csv("gdp,2021,51"), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	for events.Scan() {
	}
	check(t, answer.Body.Close())
}

// A browser that asks for what is not there gets a page in its language, a program a problem.
func TestNowhere(t *testing.T) {
	c := open(t)
	v := c.visitor("zh")
	v.header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	for _, path := range []string{"/nope", "/v1/nope", "/send"} {
		if s := v.get(path).wants(t, http.StatusNotFound, "没有这个页面", `lang="zh-CN"`, `href="/"`); s.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %v", path, s.header)
		}
	}
	v.signIn("320812").get("/nope").wants(t, http.StatusNotFound, "没有这个页面", `action="/sign-out"`)
	v.header.Set("Accept", "*/*")
	if s := v.get("/nope").wants(t, http.StatusNotFound, "urn:citytally:problem:not-found"); s.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a program: %v", s.header)
	}
}

// The history of a figure has each statement once, with what has said the same since beside it.
func TestHistoryTellsEachFigureOnce(t *testing.T) {
	c := open(t)
	v := c.visitor("zh").signIn("320812")
	send := func(name string, rows ...string) {
		t.Helper()
		v.confirm(v.drop(name, csv(rows...), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	}
	send("first.csv", "gdp,2021,近800亿元")
	send("second.csv", "gdp,2021,近800亿元", "hnte_valid,2021,80")
	send("third.csv", "gdp,2021,7990000万元")
	s := v.get("/figures/gdp/2021").wants(t, http.StatusOK, "近800 亿元（年报）", "原文 <bdi>7990000万元</bdi>", "其后再次报送，数未变：<a", "second.csv")
	if strings.Count(s.text, "近800") != 1 || strings.Count(s.text, "<tr") != 3 {
		t.Errorf("want each figure once:\n%s", s.text)
	}
	v.confirm(v.drop("d.csv", "indicator,period,value,action\ngdp,2021,,D\n", annual), nil).wants(t, http.StatusOK, "撤回")
	v.get("/figures/gdp/2021").wants(t, http.StatusOK, `data-label="数据"><span class="amount">撤回`)
}
