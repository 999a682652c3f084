package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")

// checkQuestions gives the demo's city what analysts ask about: a merger, a release, a figure
// changed since and one that is held. Then every query of the page for analysts has to answer,
// and the questions at its head with what is right.
func checkQuestions(t *testing.T, dir string) {
	t.Helper()
	send := func(area, text string) {
		t.Helper()
		citytally(t, "submit", "--dir", dir, "--area", area, "--dataset", "sti-annual", csvFile(t, "indicator,period,value,stage\n"+text))
	}
	send("320802", "gdp,2015,100,final\n")
	send("320811", "gdp,2015,120,final\n")
	send("320812", "gdp,2016,242,final\n")
	must(t, "release", "create", "2021-bulletin", "--period", "2021", "--dir", dir)
	send("320812", "tech_sme_registered,2021,310,final\n")
	send("320803", "gdp,2021,67453,final\n")
	ask := func(query string) string {
		t.Helper()
		return must(t, "sql", "--dir", dir, "--format", "csv", "--", query)
	}
	eventually(t, "what was sent is in ClickHouse, and known to be complete", func() bool {
		return strings.HasSuffix(ask(`SELECT
			(SELECT countIf(indicator = 'tech_sme_registered') FROM release_changes) = 1
			AND (SELECT countIf(notEmpty(held_areas)) FROM figures WHERE period = '2021' AND kind = 'city') > 0
			AND (SELECT countIf(value IS NOT NULL) FROM figures WHERE area = '320812' AND indicator = 'gdp' AND year < 2020) = 2
			AND (SELECT min(complete_to) FROM progress) > (SELECT max(received_at) FROM submissions)`), "\n1\n")
	})

	page, err := os.ReadFile("docs/querying.md")
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	for _, block := range sqlBlock.FindAllStringSubmatch(string(page), -1) {
		for _, query := range strings.Split(block[1], ";\n") {
			if strings.TrimSpace(query) == "" {
				continue
			}
			title, _, _ := strings.Cut(strings.TrimSpace(query), "\n")
			answers[title] = ask(query)
		}
	}
	for title, want := range map[string][]string{
		"-- 1. ":                 {"1,1,淮安经济技术开发区,3.9,%,+0.10", "8,7,淮安区,1.3,%,+0.02"},
		"-- 2. ":                 {"淮安区,6.446,10.7,5.72"},
		"-- 3. ":                 {"2021年1—2月", "2021年1—12月"},
		"-- 4. ":                 {"2015,按现行区划归并,220,,,BASE_MISSING", "2016,已报送,242,220,+10.00,"},
		"-- 5. ":                 {"科技创新季报", "地区生产总值"},
		"-- 6. ":                 {"2021,estimate,"},
		"-- 7. ":                 {"counted,淮安区,674.53,", "held,淮安区,67453,"},
		"-- 8. ":                 {"地区生产总值,已报送,[],['淮安区'],[]"},
		"-- 9. ":                 {"评价入库科技型中小企业,2008,2019,11,清江浦区,299,310,清江浦区,"},
		"-- 10. ":                {",0,0\n"},
		"-- Scores of a release": {"淮安经济技术开发区,"},
		"-- Estimates against":   {"320812,2021,299,310,11"},
		"-- A ratio by district": {"320871,3.89"},
	} {
		found := false
		for head, answer := range answers {
			if !strings.HasPrefix(head, title) {
				continue
			}
			found = true
			for _, text := range want {
				if !strings.Contains(answer, text) {
					t.Errorf("%s: want %q in\n%s", head, text, answer)
				}
			}
		}
		if !found {
			t.Errorf("docs/querying.md has no query %q", title)
		}
	}
}
