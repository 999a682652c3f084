package page_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A district explains its own held figures on the page and no others, and the bureau decides
// there. Hostile first: what nobody may do leaves everything as it is.
func TestHeldFiguresOnThePage(t *testing.T) {
	c := open(t)
	district, other, bureau := c.visitor("zh").signIn("320812"), c.visitor("en").signIn("320804"), c.visitor("en").signIn("*")
	for _, v := range []*visitor{district, other} {
		v.confirm(v.drop("2020.csv", csv("gdp,2020,10"), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	}
	other.confirm(other.drop("2021.csv", csv("gdp,2021,7"), annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	district.drop("odd.csv", csv("gdp,2021,150"), annual).wants(t, http.StatusOK, `class="effect held"`, "待核实", "有数据待核实：不含为 7.00 亿元（年报），采用后为 157.00 亿元")
	c.holds("320812", "gdp,2021,150") // as submission 4
	district.get("/").wants(t, http.StatusOK, "有 1 项数据待核实", "待报事项", "已逾期", "0/")
	district.get("/figures?dataset=sti-annual&period=2021").wants(t, http.StatusOK, `href="/held">待核实 150 亿元`)
	odd := district.link(district.get("/"), "/submissions/")
	district.get(odd).wants(t, http.StatusOK, `class="status held"`, "由本地区说明情况后采用")
	district.get("/held").wants(t, http.StatusOK, "150 是上年 10 的十倍以上", "上年同期数 10", "对照数 10", "对照期 2020年", "不含为 7.00 亿元（年报），采用后为 157.00 亿元", `action="/held/4.2"`, "由本地区说明情况后采用", "提交后该数即采用")
	if s := other.get("/held").wants(t, http.StatusOK, "Nothing is held"); strings.Contains(s.text, "150") {
		t.Errorf("another area is shown\n%s", s.text)
	}

	say := func(v *visitor, act, text string) shown {
		return v.post("/held/4.2", url.Values{"act": {act}, "text": {text}})
	}
	say(other, "explain", "mine").wants(t, http.StatusNotFound, "another area")
	say(district, "release", "就这样").wants(t, http.StatusForbidden, "由市级核准", "就这样</textarea>")
	say(district, "explain", "  ").wants(t, http.StatusUnprocessableEntity, "请填写说明或理由")
	say(district, "explain", "a\x1b[2J").wants(t, http.StatusUnprocessableEntity, "控制字符")
	say(district, "explain", "</textarea><script>alert(1)</script>\u202e").wants(t, http.StatusUnprocessableEntity, "&lt;script&gt;")
	say(district, "explain", strings.Repeat("长", 1500)).wants(t, http.StatusUnprocessableEntity, "文字过长")
	say(district, "explain", strings.Repeat("长", 1<<17)).wants(t, http.StatusBadRequest)
	say(district, "adopt", "x").wants(t, http.StatusBadRequest)
	district.header.Set("Sec-Fetch-Site", "cross-site")
	say(district, "explain", "x").wants(t, http.StatusForbidden, "foreign-page")
	district.header.Del("Sec-Fetch-Site")
	district.get("/totals?period=2021").wants(t, http.StatusOK, "7.00 亿元", "1 项待核实")
	c.visitor("zh").post("/held/4.2", url.Values{"act": {"explain"}, "text": {"x"}}).wants(t, http.StatusOK, `type="password"`)

	// Then the honest one; a form breaks its lines in its own way, and is sent twice.
	for range 2 {
		say(district, "explain", "新并入三家企业\r\n口径未变").wants(t, http.StatusOK, "已采用，从现在起计入全市数", "没有待核实的数据")
	}
	if s := district.get("/held?state=all").wants(t, http.StatusOK, "新并入三家企业\n口径未变"); strings.Count(s.text, "新并入三家企业") != 2 { // as explanation and as decision
		t.Errorf("said twice:\n%s", s.text)
	}
	district.get("/totals/gdp/2021").wants(t, http.StatusOK, "157.00 亿元")
	district.get("/").wants(t, http.StatusOK, `<span class="status accepted">已采用</span></td>`, "1/1")
	if s := district.get(odd).wants(t, http.StatusOK, `class="status accepted"`, "待核实 → 已采用", "新并入三家企业"); strings.Contains(s.text, "暂不计入全市数。") {
		t.Errorf("what was released still waits:\n%s", s.text)
	}

	// What the bureau decides about waits for it; whoever is late is told what was decided.
	c.holds("320812", "gdp,2021,2000") // as submission 5
	decide := func(v *visitor, act, text string) shown {
		return v.post("/held/5.2", url.Values{"act": {act}, "text": {text}})
	}
	district.get("/held").wants(t, http.StatusOK, "由市级核实后决定是否采用", "由市级决定是否采用，说明长期保存")
	decide(district, "explain", "真的").wants(t, http.StatusOK, "由市级核实后决定是否采用", "真的")
	bureau.get("/held").wants(t, http.StatusOK, "Qingjiangpu District", "真的", "157.00 亿元 (final) without", "2007.00 亿元")
	decide(bureau, "refuse", "单位应为万元").wants(t, http.StatusOK, "Refused: it does not count")
	decide(bureau, "release", "no, it is right").wants(t, http.StatusConflict, "was refused by", "单位应为万元")
	district.get("/held?state=all").wants(t, http.StatusOK, "已退回", "单位应为万元")
	district.get(district.link(district.get("/"), "/submissions/")).wants(t, http.StatusOK, `class="status rejected"`, "待核实 → 已退回", "单位应为万元")
	district.get("/totals/gdp/2021").wants(t, http.StatusOK, "157.00 亿元")
}

// The file that a figure came in is there for its area and the bureau, byte for byte.
func TestOriginalOnThePage(t *testing.T) {
	c := open(t)
	v := c.visitor("en").signIn("320812")
	text := csv("gdp,2021,813.41")
	sent := v.confirm(v.drop("2021.csv", text, annual), nil).wants(t, http.StatusOK, `class="status accepted"`)
	link := strings.Split(sent.path, "?")[0] + "/original"
	sent.wants(t, http.StatusOK, `href="`+link+`"`)
	v.get("/figures/gdp/2021").wants(t, http.StatusOK, `href="`+link+`"`)
	for _, reader := range []*visitor{v, c.visitor("zh").signIn("*")} {
		if got := reader.get(link).wants(t, http.StatusOK); got.text != text || !strings.Contains(got.header.Get("Content-Disposition"), "2021.csv") {
			t.Errorf("%q, %v", got.text, got.header)
		}
	}
	c.visitor("en").signIn("320804").get(link).wants(t, http.StatusNotFound, "not of this token")
}
