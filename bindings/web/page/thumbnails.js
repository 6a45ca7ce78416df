/** What each data set looks like: 64 of its points, each as two digits of base 36 (right, down) and its class. */
const POINTS = {
  flower:
    "n20o40j90n20m20p20na05p0fk07o05p0ei0ih02n0aj04l0di0vl0zo0vp0qo0yo0wn0gg0ml0fe0a50hd0b30e40g70hp0" +
    "d21c21av1cy1bx1dn1hj1od1cp1dn1yb1yb1va1ua1ah1lh1yb1mh16f13d14a12d14a1ll1ee1jj1oy1ii1nx1px1ox1k51",
  "noisy-circles":
    "5p0jk1pj0mo1si0ni1ac1m907g1ki1aj1ln19n0mh1n80eb1vo08p0bq18h1in0qh00g0ot0hg1qq0mn0ol1aa1wk0iq1ko1" +
    "du0ak1or0hf1kv0dq10p0rr0pq0fo1iz0g81pc07n1lq17h05o05g0ij1d71nc1ua0sf0bl0di17v08n1bj1am19t0ij1e91",
  "noisy-moons":
    "8b0ah11h0wo1nl0gn1gn1lf0nl1vf1pl1wl1280di1lf0ah14m0dd0rm1gq14a0lj0a904g0bk12k00g0yh1fm14k0ul1vj1" +
    "3d0nq14f0aj16e0rp1af02j03g0sp11j0fk1lh0ls1wl1fd0bc0eb0vl1gk1hl1og0mi0b80kq14d0nq1lq1qk13c0ug1jl1",
  blobs:
    "jf0uj15c1kk0c70kg0ew0851b60kg0lh04a1c60c80951sh1lf0a705c1a50fw07x0b41ui1cw0c31tj1741c508t0fu03b1" +
    "ul1751731a205615c18012918b1vl16c1a618616a14b14a1381591c50ti1uh1eu0fx0850cu09718d1et03b1uh1bx0jj0",
  "gaussian-quantiles":
    "ki0ak1i91cm1hp1jo1c61hf0lb1mm1o71oe18j1gh0gg0ko1gh0em1a51nf0aj1jc0691ec0dk0fg0ib0lj0td1cj0ei0de0" +
    "d51dm0d91af0o51di0mg05s1hi0hd0i417c1if08k1ee0ji0ke0hl0rd1ma1891kh0kf05e1nb1gk0rc1of1go1lb1fg0gl0",
  xor:
    "e906o17405t1v413l1p619701b0lu0pm0xe1du1vd1e10fe0bg0120xa1qv0vf1l11tm02v12106e0n61me1k91ns06c0q81" +
    "yf1mf16v1tz0b20ff01e0lt0010lc1ra1dm1yb1v31k71lk0t41bs19w1850jj0580b40t51s91sk0wf1jv01n1fe0rk0ay1",
  spirals:
    "hh1hh1ig1jh1kh1ki1lj1kk1jm1in1gn1em1cm1bk1ah1af1bb1d91h81k81n81qa1td1uh1tm1sr1pu1kw1fx1aw15t12p1" +
    "ii0hi0hj0gj0fi0fh0eg0ff0fd0hc0jc0ld0nd0pf0ph0pk0oo0lq0js0fs0cr08p06m05i05c0780b50f30j20p30u60xb0",
};

const SVG = "http://www.w3.org/2000/svg";

/**
 * A small picture of a data set, in the colours of the classes; decoration, hidden from screen readers.
 * @param {string} data the name of the data set
 * @returns {SVGSVGElement}
 */
export function thumbnail(data) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "-2 -2 39 39");
  svg.setAttribute("aria-hidden", "true");
  for (const [point] of (POINTS[data] ?? "").matchAll(/.../g)) {
    const dot = document.createElementNS(SVG, "circle");
    dot.setAttribute("cx", Number.parseInt(point[0], 36));
    dot.setAttribute("cy", Number.parseInt(point[1], 36));
    dot.setAttribute("r", 1.5);
    dot.setAttribute("class", `class-${point[2]}`);
    svg.append(dot);
  }
  return svg;
}
