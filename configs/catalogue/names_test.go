package catalogue

import (
	"strings"
	"testing"
)

func TestFindIndicator(t *testing.T) {
	c := load(t, "../catalogue.yaml")
	for text, want := range map[string][2]string{
		"gdp": {"gdp"}, "GDP": {"gdp"}, " gdp ": {"gdp"}, "地区生产总值": {"gdp"}, "Gross Domestic Product": {"gdp"}, "生产总值": {"gdp"},
		"地区生产总值（亿元）": {"gdp", "亿元"}, "地区生产总值(万元)": {"gdp", "万元"}, "地区生产总值[亿元]": {"gdp", "亿元"}, "地区生产总值/亿元": {"gdp", "亿元"}, "地区生产总值（单位：亿元）": {"gdp", "亿元"},
		"一、地区生产总值": {"gdp"}, "1.地区生产总值（亿元）": {"gdp", "亿元"}, "(一) 地区生产总值": {"gdp"}, "其中：高新技术产业产值": {"hightech_output"}, "2、有效高新技术企业（家）": {"hnte_valid", "家"},
		"地区生产总值（GDP）": {"gdp"}, "地区生产总值（GDP，亿元）": {"gdp", "亿元"}, "GDP（生产总值）": {"gdp"}, "2.地区生产总值(国内生产总值)": {"gdp"},
		"高企": {"hnte_valid"}, "有效高新技术企业数": {"hnte_valid"},
	} {
		ind, unit, ok := c.FindIndicator(text)
		if !ok || ind.ID != want[0] || unit != want[1] {
			t.Errorf("%q: want %s %s, got %v %q", text, want[0], want[1], ind, unit)
		}
	}
	for _, text := range []string{"", "地区生产总值（现价）", "生产", "gpd", "研发投入（含军工）", "10.5", "一、", "()", "地区生产总值（亿元）（现价）", "地区生产总值（GDP，现价）", "地区生产总值（研发投入强度）", "地区生产总值（亿元，万元）"} {
		if ind, _, ok := c.FindIndicator(text); ok {
			t.Errorf("%q: want none, got %s", text, ind.ID)
		}
	}
	for text, want := range map[string]string{"hnte_vald": `"hnte_valid"? (valid`, "地区生产总植": `"gdp"`, "研发投入": `"rd_expenditure"`, "xyzzy": "look the indicator"} {
		if p := c.UnknownIndicator(text); !strings.Contains(p.EN, want) {
			t.Errorf("%q: want %s, got %s", text, want, p.EN)
		}
	}
	if p := c.UnknownIndicator("gpd"); p.ZH != "没有指标“gpd”；是否应为“地区生产总值”？" {
		t.Errorf("gpd: %s", p.ZH)
	}
	for text, want := range map[string]string{"320812": "320812", "清江浦区": "320812", "淮安市清江浦区": "320812", "Huaiyin District": "320804", "淮安市": "320800", "淮安区": "320803",
		"清江浦": "320812", "江苏省淮安市涟水县": "320826", "淮安市淮阴": "320804", "洪泽": "320813", "清河": "320802", "经开区": "320871", "淮安经开区": "320871", "高新区": "huaian-hitech-zone", "Qingjiangpu": "320812"} {
		if a, ok := c.FindArea(text); !ok || a.Code != want {
			t.Errorf("%q: want %s, got %v", text, want, a)
		}
	}
	for _, text := range []string{"淮安", "Huai'an County", "开发区", "区", "", "南京市清江浦区"} {
		if a, ok := c.FindArea(text); ok {
			t.Errorf("%q: want none, got %s", text, a.Code)
		}
	}
}
