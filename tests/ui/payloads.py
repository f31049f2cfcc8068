"""Texts that would run, fetch, leave or cover something if any of them ever became markup."""

PAYLOADS = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg onload=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "'><img src=http://evil.example/x.png>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<details open ontoggle=window.hit=1>x</details>",
    "<body onload=window.hit=1>",
    "javascript:window.hit=1",
    "<a href='javascript:window.hit=1' autofocus onfocus=window.hit=1>click</a>",
    "<input autofocus onfocus=window.hit=1>",
    "<style>@import 'http://evil.example/x.css';</style>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<base href=http://evil.example/>",
    "<meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<div style='position:fixed;inset:0;background:url(http://evil.example/i.png)'>SIGNED</div>",
    "<form action=http://evil.example><button>x</button></form>",
    "<math><mi xlink:href=javascript:window.hit=1>x</mi></math>",
    "{{constructor.constructor('window.hit=1')()}} ${window.hit=1}",
    "</textarea></title></script><script>window.hit=1</script>{{7*7}}${7*7}<!--",
)
