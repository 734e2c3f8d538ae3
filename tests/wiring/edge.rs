//! The web ACL that may stand in front, against the routes of the template.

use std::collections::BTreeSet;

use yaml_serde::Value;

use crate::template::resources;

const EDGE: &str = include_str!("../../infra/aws/edge.yaml");

/// Ways to withdraw: a mail service clicks for many people, and nothing may make it harder than to consent.
const TO_WITHDRAW: [&str; 2] = ["preferences", "unsubscribe"];

#[test]
fn an_address_is_limited_on_every_public_route_but_those_that_withdraw() {
    let edge: Value = yaml_serde::from_str(EDGE).expect("YAML");
    let rule = &edge["Resources"]["WebAcl"]["Properties"]["Rules"][0]["Statement"]["RateBasedStatement"];
    let pattern = rule["ScopeDownStatement"]["RegexMatchStatement"]["RegexString"].as_str();
    let limited = pattern
        .and_then(|pattern| pattern.strip_prefix(r"^/(openapi\.json|v1/("))
        .and_then(|pattern| pattern.strip_suffix(")/.*)$"))
        .expect("the contract, and some folders of /v1");
    let limited: BTreeSet<&str> = limited.split('|').collect();

    let routes = resources("AWS::ApiGatewayV2::Route");
    let folders = |authorization: &str| -> BTreeSet<String> {
        let such = routes
            .values()
            .filter(|route| route["AuthorizationType"] == authorization);
        let paths = such.filter_map(|route| route["RouteKey"].as_str()?.split_once("/v1/"));
        paths
            .filter_map(|(_, path)| Some(path.split('/').next()?.to_owned()))
            .collect()
    };
    let mut public = folders("NONE");
    public.retain(|folder| !TO_WITHDRAW.contains(&folder.as_str()));
    assert_eq!(limited, public.iter().map(String::as_str).collect());
    let with_token = folders("JWT");
    assert!(
        limited.iter().all(|folder| !with_token.contains(*folder)),
        "those have limits of their own"
    );
}
