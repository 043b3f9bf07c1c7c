package shop

import (
	"errors"
	"strconv"
	"strings"
)

// Errors of a price.
var (
	errNoDecimal = errors.New(`must be a decimal such as "100000.99"`)
	errNegative  = errors.New("must not be negative")
	errTooHigh   = errors.New("must be below 10^16")
)

// AppendPrice appends cents as prices are written, as in "25.99".
func AppendPrice(to []byte, cents int64) []byte {
	to = strconv.AppendInt(to, cents/100, 10)
	rest := byte(cents % 100) //nolint:gosec // below 100
	return append(to, '.', '0'+rest/10, '0'+rest%10)
}

// ParsePrice reads a decimal, written as JSON writes a number, as cents, rounded half
// away from zero. It does so digit by digit, so that "1.005" is 1.01: no binary
// fraction is that number. The error says what a price is.
//
// An exponent is read for its value, as JSON's numbers have one: 1e2 is 100.00, and
// 1e-9 is 0.00.
func ParsePrice(text string) (cents int64, err error) {
	d, ok := parseDecimal(text)
	switch {
	case !ok:
		return 0, errNoDecimal
	case d.digits == "":
		return 0, nil
	case d.negative:
		return 0, errNegative
	case d.point > 16:
		return 0, errTooHigh
	case d.point < -2: // less than half a cent
		return 0, nil
	}
	whole := d.point + 2 // how many of the digits are cents: 0 to 18
	digits := d.digits
	if missing := whole + 1 - len(digits); missing > 0 {
		digits += strings.Repeat("0", missing)
	}
	for _, c := range []byte(digits[:whole]) {
		cents = 10*cents + int64(c-'0')
	}
	if digits[whole] >= '5' {
		cents++
	}
	return cents, nil
}

// decimal is the number 0.digits times 10^point.
type decimal struct {
	negative bool
	digits   string // without zeros before it; "" is zero
	point    int
}

// maxExponent bounds exponents: beyond it lies no body's worth of digits.
const maxExponent = 1 << 30

func parseDecimal(text string) (d decimal, ok bool) {
	text, d.negative = strings.CutPrefix(text, "-")
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], text[i+1:]
		if exponent == "" {
			return d, false
		}
	}
	whole, fraction, hasFraction := strings.Cut(mantissa, ".")
	if !isDigits(whole) || len(whole) > 1 && whole[0] == '0' || hasFraction && !isDigits(fraction) {
		return d, false
	}
	shift, ok := parseExponent(exponent)
	if !ok {
		return d, false
	}
	all := whole + fraction
	d.digits = strings.TrimLeft(all, "0")
	d.point = len(whole) - (len(all) - len(d.digits)) + shift
	return d, true
}

func parseExponent(text string) (n int, ok bool) {
	if text == "" {
		return 0, true
	}
	sign := 1
	switch text[0] {
	case '-':
		sign, text = -1, text[1:]
	case '+':
		text = text[1:]
	}
	if !isDigits(text) {
		return 0, false
	}
	for _, c := range []byte(text) {
		n = min(10*n+int(c-'0'), maxExponent)
	}
	return sign * n, true
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
